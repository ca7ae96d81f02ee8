#!/usr/bin/env bash
# Makes wrong edits in a copy of the tree and sees each of them caught: a guard that nobody tests rots.
# Exit 0: all were caught. Prints one line an edit.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$root" && git ls-files -z --cached --others --exclude-standard -- src sim fuzz bench tests cmake tools data api CMakeLists.txt CMakePresets.json |
  xargs -0 cp --parents -t "$copy"
cd "$copy" || exit 1
failures=0

configure() { cmake --preset debug -DREEVE_HEADER_PROBES=OFF -DREEVE_WEB=OFF; }

unchanged_fails() {
  echo "prove_arrows: the unchanged tree fails: $1" >&2
  exit 1
}
configure >/dev/null 2>&1 || unchanged_fails configure
python3 tools/tidy.py . >/dev/null || unchanged_fails tidy

# Compiles one source as the build would, without code.
compiles() {
  local command
  command=$(python3 - "$1" <<'PY'
import json, re, sys
for entry in json.load(open("build/debug/compile_commands.json")):
    if entry["file"].endswith(sys.argv[1]):
        print(re.sub(r" -include \S+cmake_pch\.hxx| -o \S+", "", entry["command"]) + " -fsyntax-only")
        break
else:
    sys.exit(f"no command for {sys.argv[1]}")
PY
  ) || return 0
  (cd build/debug && bash -c "$command")
}

# caught WHAT BY FILE SED-PROGRAM [SOURCE]: edits FILE, expects BY (configure, compiler, tidy) to refuse, restores.
caught() {
  local what=$1 by=$2 file=$3 edit=$4 source=${5:-}
  if [ -n "$source" ]; then compiles "$source" >/dev/null 2>&1 || unchanged_fails "$source"; fi
  cp "$file" "$file.kept"
  sed -i "$edit" "$file"
  cmp -s "$file" "$file.kept" && { echo "NOT EDITED  $what"; failures=$((failures + 1)); return; }
  local accepted=0
  case $by in
    configure) configure >/dev/null 2>&1 && accepted=1 ;;
    compiler) compiles "$source" >/dev/null 2>&1 && accepted=1 ;;
    tidy) python3 tools/tidy.py . >/dev/null 2>&1 && accepted=1 ;;
  esac
  mv "$file.kept" "$file"
  if [ $accepted -eq 1 ]; then
    echo "ACCEPTED    $what (by $by)"
    failures=$((failures + 1))
  else
    echo "caught      $what (by $by)"
  fi
}

cmake_list=src/CMakeLists.txt
caught "the domain uses a port" configure $cmake_list 's|^reeve_module(domain/cost  *DEPS base|& ports|'
caught "a cycle" configure $cmake_list 's|^reeve_module(domain/gpu  *DEPS base|& domain/inventory|'
caught "an adapter uses its sibling" configure $cmake_list 's|^reeve_module(adapters/fleet_keeper  *DEPS base|& adapters/system|'
caught "delivery uses an adapter" configure $cmake_list 's|^reeve_module(delivery/rest  *DEPS base|& adapters/system|'
caught "net knows a GPU" configure $cmake_list 's|^reeve_module(net/http  *DEPS base|& domain/gpu|'
caught "an undeclared header" compiler src/domain/cost/price_list.cc '1i #include "ports/clock.h"' src/domain/cost/price_list.cc
caught "an enum value without text" compiler src/domain/inventory/device.h 's|enum class DeviceState { active|&, scrapped|' src/domain/inventory/device.cc
caught "a Result thrown away" compiler src/domain/inventory/fleet_draft.cc 's|^void FleetDraft::forget_node(const Node& node) {|& put_node(node);|' src/domain/inventory/fleet_draft.cc
caught "money added to memory" compiler src/domain/cost/price_list.cc 's|^PriceList default_price_list() {|& (void)(MicroUsd(1) + MiB(1));|' src/domain/cost/price_list.cc
caught "a node's name where a device's belongs" compiler src/domain/inventory/fleet_draft.cc 's|next_.find_device(device.id)|next_.find_device(device.node)|' src/domain/inventory/fleet_draft.cc
caught "the domain asks the clock" tidy src/domain/cost/price_list.cc '$a // auto now = std::chrono::system_clock::now();'
caught "an include through somebody else's DEPS" tidy src/domain/cost/price_list.cc '1i #include "domain/inventory/fleet.h"'
caught "an invented figure" tidy src/domain/cost/price_list.cc '$a // std::mt19937 dice;'
exit $((failures > 0))
