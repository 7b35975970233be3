"""Fail when documents point to files that are not there, or invariants that no code cites."""
import pathlib
import re
import subprocess
import sys

PATH = re.compile(r"`((?:src|docs|test|tests|tools|bench|proto|cmake|web)/[A-Za-z0-9_./-]*[A-Za-z0-9_])`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)")


def check(root):
    bad = []
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    code = "".join((root / n).read_text() for n in listed if n.startswith("src/") and n.endswith((".h", ".cc")) and (root / n).is_file())
    for name in listed:
        if not name.endswith(".md") or not (root / name).is_file() or name.startswith("third_party/"):
            continue
        text = (root / name).read_text()
        for number, line in enumerate(text.splitlines(), 1):
            for path in PATH.findall(line):
                if not (root / path).exists() and not list(root.glob(path + ".*")):
                    bad.append(f"{name}:{number}: there is no {path}")
            for link in LINK.findall(line):
                if not ((root / name).parent / link).exists():
                    bad.append(f"{name}:{number}: dead link {link}")
    architecture = root / "ARCHITECTURE.md"
    if architecture.exists():
        for invariant in sorted(set(re.findall(r"INV-\d+", architecture.read_text()))):
            if invariant not in code:
                bad.append(f"ARCHITECTURE.md: {invariant} is cited nowhere in src/")
    return bad


if __name__ == "__main__":
    complaints = check(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(complaints) or "docs: ok")
    sys.exit(bool(complaints))
