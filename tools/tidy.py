"""Fail on what no reader should meet: banned calls, tabs, overlong lines, stray files, big blobs."""
import pathlib
import re
import subprocess
import sys

# pattern -> (what to do instead, paths where it is allowed)
BANNED = {
    r"\bstd::sto[ild]+\(": ("use a checked parser: it throws and depends on the locale", ("_test",)),
    r"\bassert\(": ("WEIR_CHECK or WEIR_DCHECK", ()),
    r"\b(rand|srand)\(\)": ("std::mt19937_64 with a seed that is printed", ()),
    r"\bstd::thread\b(?!::)": ("Shard, BlockingPool or a primitive of async/", ("src/async/", "src/tablet/group_commit",
                                                                                "src/client/", "src/cli/", "src/server/serve_command", "_test.cc", "_bench.cc")),
    r"\b(sleep_for|usleep|sleep)\(": ("wait for the event, not for time", ("src/cli/", "src/client/", "src/server/wire_service")),
    r"\bFIXME\b": ("fix it, or a TODO that says what would trigger doing it", ()),
    r"\busing namespace std\b": ("spell std::", ()),
}
EXTENSIONS = {".h", ".cc", ".py", ".md", ".txt", ".cmake", ".json", ".jsonl", ".proto", ".slt", ".java", ".xml", ".sql", ".yaml",
              ".yml", ".hex", ".bin", ".fbs", ".html", ".css", ".js", ".sh", ".svg", ".csv", ".properties", ""}
BAD_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|misc)\.(h|cc|py)$")
LINE_MAX, BLOB_MAX = 120, 1_000_000


def check_text(name, text):
    bad = []
    cpp = name.endswith((".h", ".cc"))
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if "\t" in line and name.endswith((".h", ".cc", ".py")):
            bad.append(f"{where}: tab; use spaces")
        if cpp and len(line) > LINE_MAX and '"' not in line:
            bad.append(f"{where}: {len(line)} columns; break the line (./dev fmt)")
        if cpp:
            code = line.split("//")[0] if "FIXME" not in line else line
            for pattern, (instead, allowed) in BANNED.items():
                if re.search(pattern, code) and not any(part in name for part in allowed):
                    bad.append(f"{where}: {pattern} is banned: {instead}")
    if name.endswith(".h") and name.startswith("src/") and "#pragma once" not in text:
        bad.append(f"{name}: no #pragma once")
    if name.endswith(".h") and name.startswith("src/") and not text.startswith("//"):
        bad.append(f"{name}: the first lines say what this is for, who owns it, which thread")
    return bad


def check(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    bad = []
    for name in filter(None, listed):
        path = root / name
        if not path.is_file():
            continue
        if path.stat().st_size > BLOB_MAX:
            bad.append(f"{name}: {path.stat().st_size} bytes; blobs over 1 MB stay out of git")
        if BAD_NAMES.search(path.name):
            bad.append(f"{name}: name the idea in the file, not utils/helpers/common")
        in_corpus = name.startswith(("test/fuzz/", "test/wire/", "third_party/"))
        if path.suffix not in EXTENSIONS and not in_corpus:
            bad.append(f"{name}: unknown extension {path.suffix}; add it to tools/tidy.py if it belongs here")
        if not in_corpus and path.suffix in {".h", ".cc", ".py", ".md", ".java"}:
            bad += check_text(name, path.read_text())
    return bad


if __name__ == "__main__":
    complaints = check(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(complaints) or "tidy: ok")
    sys.exit(bool(complaints))
