package targets

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// RunTradesim runs the command of TRADESIM_TARGET with what is to be scraped, the receiver, and a version of
// the protocol.
//
// The suite's receiver decodes 2.0 only. Messages of 1.0 are therefore decoded by Prometheus' own code on the way,
// and told again as 2.0: the same series, labels, samples, types and helps in the same order, with the headers as they came.
func RunTradesim(protocol string) Target {
	return func(opts TargetOptions) error {
		receiver := opts.ReceiveEndpoint
		if protocol == "1.0" {
			translator := httptest.NewServer(translate(receiver))
			defer translator.Close()
			receiver = translator.URL
		}
		command := strings.Fields(os.Getenv("TRADESIM_TARGET"))
		args := append(command[1:], opts.ScrapeTarget, receiver, protocol)
		return runCommand(command[0], opts.Timeout, args...)
	}
}

func translate(receiver string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := translated(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		request, err := http.NewRequest(r.Method, receiver, bytes.NewReader(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		request.Header = r.Header.Clone()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	}
}

func translated(r *http.Request) ([]byte, error) {
	compressed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	plain, err := snappy.Decode(nil, compressed)
	if err != nil {
		return nil, err
	}
	var one prompb.WriteRequest
	if err := one.Unmarshal(plain); err != nil {
		return nil, err
	}
	// Version 1.0 tells of families, 2.0 of each series.
	families := map[string]prompb.MetricMetadata{}
	for _, family := range one.Metadata {
		families[family.MetricFamilyName] = family
	}
	var two writev2.Request
	symbols := writev2.NewSymbolTable()
	for _, series := range one.Timeseries {
		var told writev2.TimeSeries
		for _, label := range series.Labels {
			told.LabelsRefs = append(told.LabelsRefs, symbols.Symbolize(label.Name), symbols.Symbolize(label.Value))
			if family, ok := families[label.Value]; ok && label.Name == "__name__" {
				told.Metadata = writev2.Metadata{Type: writev2.Metadata_MetricType(family.Type), HelpRef: symbols.Symbolize(family.Help)}
			}
		}
		for _, sample := range series.Samples {
			told.Samples = append(told.Samples, writev2.Sample{Value: sample.Value, Timestamp: sample.Timestamp})
		}
		two.Timeseries = append(two.Timeseries, told)
	}
	two.Symbols = symbols.Symbols()
	message, err := two.Marshal()
	if err != nil {
		return nil, err
	}
	return snappy.Encode(nil, message), nil
}
