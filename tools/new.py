"""Create what a new api, module, option, metric or format needs, and print what is left to fill in."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

API = """// {upper}: what a client asks for, in one sentence.
// Source: Apache Fluss, the service method of the same name.
#include "handlers/handlers.h"

namespace weir {{

Task<Result<pb::{camel}Response>> {camel}(RequestContext& context, const pb::{camel}Request& request) {{
  co_return Fail(ErrorCode::kUnsupportedVersion, "{name} is not served yet");
}}

}}  // namespace weir
"""

FORMAT = """# {title}

What holds it, who writes it, who reads it.

## Layout

| offset | type | field | remark |
|---|---|---|---|

## Example

Real bytes, field by field.

## Torn writes

What a reader finds after power loss at any byte, and what it does.

## Versions

| version | since | written by | read by |
|---|---|---|---|
"""


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def write(path, text, made):
    target = ROOT / path
    if target.exists():
        sys.exit(f"new: {path} exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    made.append(path)


def create(kind, name):
    """The files made, and the lines that tell what to do next."""
    made = []
    if kind == "api":
        write(f"src/handlers/{name}.cc", API.format(name=name, upper=name.upper(), camel=camel(name)), made)
        todo = ["a row in `src/handlers/api_table.cc` (key, versions, access, operation, resource)", "the declaration in handlers.h",
                f"a test in src/handlers/{name}_test.cc or test/e2e", "./dev docs"]
    elif kind == "module":
        write(f"src/{name}/{name}.h", f"// What {name} is for; who owns it; which thread.\n#pragma once\n\nnamespace weir {{}}\n", made)
        todo = ["a line in src/layers.txt in its own commit", "a row in the module table of ARCHITECTURE.md"]
    elif kind == "format":
        write(f"docs/formats/{name}.md", FORMAT.format(title=name.replace("_", " ").capitalize()), made)
        todo = ["the byte table and the version table", "the struct beside the code that points back to the page", "golden bytes in test/wire",
                f"a fuzz target src/<module>/{name}_fuzz.cc"]
    elif kind == "option":
        todo = ["a member with its default and a row in the owning module's *_options.h", "./dev docs"]
    else:
        todo = ["a member with its unit and help in the owning module's *_metrics.h", "./dev docs"]
    return made, todo


if __name__ == "__main__":
    if len(sys.argv) != 3 or not re.fullmatch(r"[a-z][a-z0-9_]*", sys.argv[2]):
        sys.exit("usage: ./dev new api|module|option|metric|format lower_case_name")
    files, steps = create(sys.argv[1], sys.argv[2])
    print("\n".join([f"wrote {path}" for path in files] + ["now:"] + [f"  - {step}" for step in steps]))
