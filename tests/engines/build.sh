#!/usr/bin/env bash
# Builds the real engines that the stack pins, or is documented to work with, from the Go module proxy:
#
#   tests/engines/build.sh DIR [ENGINE…]
#
# Each becomes DIR/PROGRAM. What is there in the wanted version is left as it is. Needs Go 1.26; with an
# empty cache all of them take about a quarter of an hour on two cores.
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
)

build() {
  local name=$1 module=$2 version=$3 tags=$4 programs=$5 source work program
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
  for program in $programs; do
    (cd "$work" && CGO_ENABLED=0 GOWORK=off go build -p 2 -trimpath -tags "$tags" -o "$dir/${program##*/}" "./$program")
  done
  rm -rf "$work"
  echo "$version" >"$dir/$name.version"
}

for engine in "${engines[@]}"; do
  IFS='|' read -r name module version tags programs <<<"$engine"
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  echo "Building $name $version"
  build "$name" "$module" "$version" "$tags" "$programs"
done
