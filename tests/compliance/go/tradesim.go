package targets

import (
	"os"
	"strings"
)

// RunTradesim runs the command of TRADESIM_TARGET with what is to be scraped, the receiver, and a version of
// the protocol.
func RunTradesim(protocol string) Target {
	return func(opts TargetOptions) error {
		command := strings.Fields(os.Getenv("TRADESIM_TARGET"))
		args := append(command[1:], opts.ScrapeTarget, opts.ReceiveEndpoint, protocol)
		return runCommand(command[0], opts.Timeout, args...)
	}
}
