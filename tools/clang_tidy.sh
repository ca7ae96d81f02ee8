#!/usr/bin/env bash
# usage: tools/clang_tidy.sh BUILD_DIR [--all]
#
# clang-tidy over the sources of src/ and sim/ that changed since their last clean run on this machine (--all: over every one).
# A clean source is remembered by the hash of what it is checked by: its text, the text of each of our headers that it reads,
# its command and .clang-tidy. So a warm run takes a second. Exit 0: no findings; each source with findings prints them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/reeve/clang-tidy
[ "${2:-}" = --all ] && rm -rf "$cache"
mkdir -p "$cache"
database=$(mktemp -d)
trap 'rm -rf "$database"' EXIT

# Writes the commands without gcc's precompiled headers, which clang cannot read; prints "<key> <source>" for each source
# that is not known to be clean. A source that this configuration does not build has no command to check it by.
changed=$(git ls-files 'src/*.cc' 'sim/*.cc' | grep -v _test.cc | python3 -c '
import functools, hashlib, json, os, re, subprocess, sys

build, database, cache = sys.argv[1:]
commands = {}
with open(build + "/compile_commands.json") as file:
    entries = json.load(file)
for entry in entries:
    entry["command"] = re.sub(r"-Winvalid-pch|-include \S+cmake_pch\.hxx|\S+/cmake -E env .*?ccache ", "", entry["command"])
    commands[os.path.relpath(entry["file"])] = entry["command"].replace(os.getcwd(), "")
with open(database + "/compile_commands.json", "w") as file:
    json.dump(entries, file)

@functools.cache
def text_and_includes(path):
    with open(path, "rb") as file:
        text = file.read()
    found = []
    for name in re.findall(rb"^\s*#\s*include\s+\"([^\"]+)\"", text, re.MULTILINE):
        places = [os.path.join(root, name.decode()) for root in ("src", ".", os.path.dirname(path))]
        found += [os.path.normpath(place) for place in places if os.path.isfile(place)]
    return text, found

def key(source):
    digest = hashlib.sha256(common + commands[source].encode())
    seen, waiting = {source}, [source]
    while waiting:
        text, found = text_and_includes(waiting.pop())
        digest.update(text)
        fresh = sorted(set(found) - seen)
        seen.update(fresh)
        waiting += fresh
    return digest.hexdigest()[:40]

with open(".clang-tidy", "rb") as file:
    common = subprocess.check_output(["clang-tidy-19", "--version"]) + file.read()
for source in sys.stdin.read().split():
    if source in commands and not os.path.exists(os.path.join(cache, key(source))):
        print(key(source), source)
' "$build" "$database" "$cache")
[ -z "$changed" ] && exit 0

check_one() {
  local key=$1 source=$2 findings
  if findings=$(clang-tidy-19 --quiet -p "$database" "$source" 2>&1); then
    : >"$cache/$key"
  else
    printf '%s\nclang-tidy: %s has findings\n' "$findings" "$source" >&2
    return 1
  fi
}
export -f check_one
export cache database
printf '%s\n' "$changed" | xargs -P "$(nproc)" -L1 bash -c 'check_one "$@"' check_one
