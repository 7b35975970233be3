"""Fail when a file includes a module that src/layers.txt does not let it see."""
import pathlib
import re
import sys


def read_layers(text):
    """Module -> modules it may include (itself among them), and complaints about the table itself."""
    allowed, bad = {}, []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        module, _, names = line.partition(":")
        module = module.strip()
        for name in names.split():
            if name not in allowed:
                bad.append(f"layers.txt: {module} names {name}, which is not printed above it")
        allowed[module] = set(names.split()) | {module}
    return allowed, bad


def check(root):
    allowed, bad = read_layers((root / "src/layers.txt").read_text())
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        module = path.relative_to(root / "src").parts[0]
        if module not in allowed:
            bad.append(f"{path.relative_to(root)}: module {module} has no line in src/layers.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([a-z0-9_]+)/', line)
            if found and found[1] != "proto" and found[1] not in allowed[module]:
                bad.append(f"{path.relative_to(root)}:{number}: {module} may not include {found[1]} (see src/layers.txt)")
    return bad


if __name__ == "__main__":
    complaints = check(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(complaints) or "layers: ok")
    sys.exit(bool(complaints))
