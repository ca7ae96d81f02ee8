#!/usr/bin/env bash
# usage: tools/clang_tidy.sh BUILD_DIR [--all]
#
# clang-tidy over the sources that changed since the last clean run on this machine (--all: over every one).
# A clean source is remembered by the hash of what the preprocessor sees, so that a warm run is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/reeve/clang-tidy
[ "${2:-}" = --all ] && rm -rf "$cache"
mkdir -p "$cache"

# clang cannot read gcc's precompiled headers: take them out of the commands.
database=$(mktemp -d)
trap 'rm -rf "$database"' EXIT
python3 - "$build/compile_commands.json" "$database/compile_commands.json" <<'PY'
import json, re, sys
commands = json.load(open(sys.argv[1]))
for entry in commands:
    entry["command"] = re.sub(r"-Winvalid-pch|-include \S+cmake_pch\.hxx|/usr/bin/cmake -E env .*?ccache ", "", entry["command"])
json.dump(commands, open(sys.argv[2], "w"))
PY

# The source as the preprocessor leaves it: changes when any header that it really reads does.
preprocessed() {
  python3 - "$database/compile_commands.json" "$1" <<'PY'
import json, os, subprocess, sys
for entry in json.load(open(sys.argv[1])):
    if os.path.realpath(entry["file"]) == os.path.realpath(sys.argv[2]):
        command = entry["command"].split(" -o ")[0] + " -E -P " + entry["file"]
        sys.exit(subprocess.run(command, shell=True, cwd=entry["directory"]).returncode)
sys.exit(1)
PY
}

check_one() {
  local source=$1 key
  # A source that this configuration does not build has no command: nothing to check it by.
  key=$({ cat .clang-tidy && preprocessed "$source" 2>/dev/null; } | sha256sum | cut -c1-40)
  [ -e "$cache/$key" ] && return
  if clang-tidy-19 --quiet -p "$database" "$source" 2>/dev/null; then
    : >"$cache/$key"
  else
    echo "clang-tidy: $source has findings" >&2
    return 1
  fi
}
export -f check_one preprocessed
export cache database
git ls-files 'src/*.cc' 'sim/*.cc' | grep -v _test.cc | xargs -P "$(nproc)" -I{} bash -c 'check_one {}'
