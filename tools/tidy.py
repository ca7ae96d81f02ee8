#!/usr/bin/env python3
"""Checks of the code that the compiler cannot make. Run by ctest as `tidy`; prints path:line: rule: what instead.

A rule that old code breaks gets (path, rule) listed in DEBT. The list only shrinks: an entry that is no longer
needed fails the check too.
"""
import pathlib
import re
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
COLUMNS_MAX = 140
PURE = ("base/", "codec/", "wire/", "domain/", "usecases/")  # no I/O, no clock, no threads
IMPURE = re.compile(
    r"#include <(fstream|filesystem|iostream|thread|mutex|condition_variable|future|sys/\w+\.h|unistd\.h)>"
    r"|\w+_clock::now|\brandom_device\b|\bgetenv\b")
VAGUE_TYPE = re.compile(r"\b(?:class|struct) \w*(?:Manager|Helper|Utils?|Processor)\b")
VAGUE_FILE = re.compile(r"(?:manager|helpers?|utils?|common|misc|types)\.(?:h|cc)$")
INVENTED = re.compile(r"\bstd::rand\b|\bmt19937|\buniform_(?:int|real)_distribution|\bdrand48\b")
BANNED = [  # text, what instead
    ("std::endl", "'\\n'"),
    ("std::stoi", "parse_number"),
    ("std::stod", "parse_number"),
    ("[=]", "named captures"),
    ("getInstance", "a constructor parameter"),
    (".detach()", "a thread that its owner joins"),
    ("catch (...)", "Result; a thread's top may catch std::exception"),
    ("FIXME", "an issue, or the fix"),
]
FUNCTION = re.compile(r"^( *)(?!namespace|class|struct|enum|union|if|for|while|switch|else|do\b|return)\S.*\).*\{$")

# (path below the root, rule): faults of old code, to be mended and taken out.
DEBT: set[tuple[str, str]] = set()


def modules(cmake: str) -> dict[str, tuple[set[str], set[str]]]:
    """Module -> (DEPS, DEPS that only its tests have)."""
    found = {}
    for kind, name, rest in re.findall(r"^reeve_(module|program)\(([\w/]+)([^)]*)\)", cmake, re.M):
        words: dict[str, set[str]] = {"DEPS": set(), "TEST_DEPS": set(), "SYSTEM_DEPS": set()}
        key = ""
        for word in rest.split():
            if word in words:
                key = word
            else:
                words[key].add(word)
        # The simulated world has its own CMake file; whoever links its library may include it.
        world = {"sim/model"} if "sim_model" in words["SYSTEM_DEPS"] else set()
        # A program's main() stands in apps/ itself.
        found["apps" if kind == "program" else name] = (words["DEPS"] | world, words["TEST_DEPS"])
    return found


def long_functions(lines: list[str]) -> list[tuple[int, str, str]]:
    faults = []
    for n, line in enumerate(lines, 1):
        start = FUNCTION.match(line)
        if not start:
            continue
        indent = start[1][4:] if line.lstrip().startswith(":") else start[1]  # a constructor's initializers stand deeper
        end = next((m for m in range(n, len(lines)) if lines[m].startswith(indent + "}")), n)  # "}", "};" and "});"
        if end - n + 2 > FUNCTION_LINES_MAX:
            faults.append((n, "function-length", f"{end - n + 2} lines (max {FUNCTION_LINES_MAX})"))
    return faults


def check_text(path: str, text: str) -> list[tuple[int, str, str]]:
    """(line, rule, message) for what every C++ file of the project must keep."""
    faults = []
    lines = text.split("\n")
    if len(lines) > FILE_LINES_MAX:
        faults.append((1, "file-length", f"{len(lines)} lines: split by what changes together (max {FILE_LINES_MAX})"))
    if VAGUE_FILE.search(path):
        faults.append((1, "vague-name", "name the file after the thing in it"))
    for n, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            faults.append((n, "columns", f"{len(line)} columns (max {COLUMNS_MAX})"))
        if VAGUE_TYPE.search(line):
            faults.append((n, "vague-name", "say what it does: Planner, Ledger, Store, Collector ..."))
        if re.search(r"\bTODO\b(?!\(#\d+\))", line):
            faults.append((n, "todo", "write TODO(#issue)"))
        faults += [(n, "banned", f"{banned}: use {instead}") for banned, instead in BANNED if banned in line]
    return faults + long_functions(lines)


def check_source(path: str, text: str, mods) -> list[tuple[int, str, str]]:
    """Faults of one file below src/; `path` is relative to src/."""
    faults = check_text(path, text)
    module = path.rsplit("/", 1)[0]
    is_test = path.endswith(("_test.cc", "_test.h"))
    deps, test_deps = mods.get(module, (set(), set()))
    visible = {module} | deps | (test_deps if is_test else set())
    if module not in mods:
        faults.append((1, "module", f"folder {module} is no reeve_module in src/CMakeLists.txt"))
    for n, line in enumerate(text.split("\n"), 1):
        include = re.match(r'#include "([^"]+)/[^/"]+"', line)
        if include and include[1] not in visible:
            faults.append((n, "include", f"{module} does not list {include[1]} in its DEPS"))
        if path.startswith(PURE) and not is_test and IMPURE.search(line):
            faults.append((n, "pure", "this layer does no I/O and asks no clock: take a port"))
        if not is_test and not path.startswith("testing/") and INVENTED.search(line):
            faults.append((n, "invented", "the product makes no random figures; ids come from IdSource"))
    return faults


def main(root: pathlib.Path) -> int:
    src = root / "src"
    mods = modules((src / "CMakeLists.txt").read_text() + (src / "apps/CMakeLists.txt").read_text())
    files = [f for part in ("src", "sim", "fuzz", "bench", "tests") for f in sorted((root / part).rglob("*"))
             if f.suffix in (".h", ".cc") and "node_modules" not in f.parts]
    texts = {str(f.relative_to(root)): f.read_text() for f in files}
    included = set(re.findall(r'#include "([^"]+)"', "\n".join(texts.values())))
    count, owed = 0, set()
    for path, text in texts.items():
        in_src = path.removeprefix("src/") if path.startswith("src/") else None
        faults = check_source(in_src, text, mods) if in_src else check_text(path, text)
        if in_src and path.endswith(".h") and in_src not in included:
            faults.append((1, "dead", "no file includes this header"))
        for line, rule, message in faults:
            if (path, rule) in DEBT:
                owed.add((path, rule))
                continue
            count += 1
            print(f"{path}:{line}: {rule}: {message}")
    for path, rule in sorted(DEBT - owed):
        count += 1
        print(f"tools/tidy.py: {path} no longer breaks '{rule}': take it out of DEBT")
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
