#!/usr/bin/env bash
# Builds the real engines that the stack pins, or is documented to work with, from the Go module proxy:
#
#   tests/engines/build.sh DIR [ENGINE…]
#
# Each becomes DIR/PROGRAM. What is there in the wanted version is left as it is. Needs Go 1.26; with an
# empty cache all of them take about 20 minutes on two cores.
set -euo pipefail
dir=${1:?"usage: build.sh DIR [ENGINE…]"}
shift
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# name | module | version | build tags | programs, as their folders in the module
engines=(
  "prometheus|github.com/prometheus/prometheus|v0.316.0||cmd/prometheus cmd/promtool"
  "alertmanager|github.com/prometheus/alertmanager|v0.35.0||cmd/alertmanager cmd/amtool"
  "victoriametrics|github.com/VictoriaMetrics/VictoriaMetrics|v1.151.0||app/victoria-metrics app/vmalert app/vmagent"
  "thanos|github.com/thanos-io/thanos|v0.42.4|slicelabels|cmd/thanos"
  "kubernetes|k8s.io/kubernetes|v1.35.4||cmd/kube-apiserver cmd/kubectl"
  "operator|github.com/prometheus-operator/prometheus-operator|v0.85.0||cmd/operator"
)

# Modules that a go.mod replaces by folders of its own repository are not in its archive. They are
# published beside it: those of Kubernetes 1.X.Y as 0.X.Y, others in the same version. Prints how go
# build then has to treat the file: its sums of these modules are missing.
publish_replacements() {
  local file=$1 version=$2 module published mode=readonly
  while read -r module; do
    mode=mod
    published=$version
    if [[ $module == k8s.io/* ]]; then published=v0.${version#v1.}; fi
    (cd "${file%/*}" && GOWORK=off go mod edit -replace "$module=$module@$published")
  done < <(sed -nE 's/^(replace)?[[:space:]]*([^[:space:]]+) => \.\/.*/\2/p' "$file")
  echo "$mode"
}

build() {
  local name=$1 module=$2 version=$3 tags=$4 programs=$5 source work program mode
  if [ "$(cat "$dir/$name.version" 2>/dev/null)" = "$version" ]; then return; fi
  # The module's own go.mod and go.sum are used, with its replacements, in a copy that can be written to.
  source=$(cd / && go mod download -json "$module@$version") ||
    { echo "Cannot download $module $version: $source" >&2; exit 1; }
  source=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$source")
  work=$(mktemp -d)
  cp -r "$source/." "$work"
  chmod -R u+w "$work"
  # Alertmanager embeds its page, which is not in the module.
  if [ "$name" = alertmanager ]; then mkdir -p "$work/ui/app/dist" && touch "$work/ui/app/dist/none"; fi
  mode=$(publish_replacements "$work/go.mod" "$version")
  # The API server says its version, which programs compare.
  for program in $programs; do
    (cd "$work" && CGO_ENABLED=0 GOWORK=off go build -mod="$mode" -p 2 -trimpath -tags "$tags" \
      -ldflags "-X k8s.io/component-base/version.gitVersion=$version" -o "$dir/${program##*/}" "./$program")
  done
  # The operator's custom resources, for the API server.
  if [ "$name" = operator ]; then
    rm -rf "$dir/crds" && cp -r "$work/example/prometheus-operator-crd" "$dir/crds"
  fi
  rm -rf "$work"
  echo "$version" >"$dir/$name.version"
}

for engine in "${engines[@]}"; do
  IFS='|' read -r name module version tags programs <<<"$engine"
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  echo "Building $name $version"
  build "$name" "$module" "$version" "$tags" "$programs"
done
