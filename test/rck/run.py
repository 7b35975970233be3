"""Run the Iceberg REST Compatibility Kit against a `weir serve` of our own; print its counts and what it skipped.

    python3 test/rck/run.py            all of it, by ./dev rck
    python3 test/rck/run.py testRename  the tests whose name contains this

The kit decides by itself what it skips (SKIPPED_BY_THE_KIT: also against the server that it brings along).
"""
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "e2e"))

from weir_server import WeirServer  # noqa: E402

# With version 1.10.1 and its own server: names with dots, nested and empty namespaces.
SKIPPED_BY_THE_KIT = {
    "createAndDropEmptyNamespace", "listNamespacesWithEmptyNamespace", "listTablesInEmptyNamespace",
    "listViewsInEmptyNamespace", "namespacePropertiesOnEmptyNamespace", "tableCreationWithoutNamespace",
    "testListNestedNamespaces", "testNamespaceWithDot", "testTableNameWithDot",
}

# Some tests move tables and views into folders of their own, below the system's folder for temporary files.
OPTIONS = ["--set", f"datalake.iceberg.other-locations=file:{tempfile.gettempdir()}"]


def maven(server, output, only):
    settings = {
        "rck.output": output, "rck.local": "false", "rck.requires-namespace-create": "true",
        # The catalog chooses where most tables lie.
        "rck.overrides-requested-location": "true", "rck.supports-names-with-dot": "true",
        "rck.supports-variant": "true",
    }
    if only:
        settings["test"] = f"RESTCompatibilityKit*Tests#*{only}*"
    command = ["mvn", "-B", "-q", "-f", str(FOLDER / "pom.xml"), "test",
               *(f"-D{key}={value}" for key, value in settings.items())]
    # Properties of the catalog client come from the environment, not from -D.
    environment = {**os.environ, "CATALOG_URI": f"http://{server.http}/api/catalog"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def results(output):
    """Test name -> (passed | failed | skipped, message)."""
    found = {}
    for report in sorted(pathlib.Path(output, "surefire-reports").glob("TEST-*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            bad = case.find("failure") if case.find("failure") is not None else case.find("error")
            outcome = "failed" if bad is not None else "skipped" if case.find("skipped") is not None else "passed"
            name = f"{case.get('classname', '').rsplit('.', 1)[-1]}.{case.get('name')}"
            found[name] = (outcome, "" if bad is None else (bad.get("message") or bad.text or "").strip())
    return found


def main(only=""):
    with tempfile.TemporaryDirectory(prefix="weir_rck_") as scratch:
        with WeirServer.start(pathlib.Path(scratch, "data"), OPTIONS) as server:
            done = maven(server, str(pathlib.Path(scratch, "target")), only)
            found = results(pathlib.Path(scratch, "target"))
            if not found:
                print(done.stdout[-4000:], done.stderr[-2000:], server.log_tail())
                return 1
    count = collections.Counter(outcome for outcome, _ in found.values())
    for name, (outcome, message) in sorted(found.items()):
        if outcome == "failed":
            print(f"FAILED {name}\n       {' '.join(message.split())[:400]}")
        elif outcome == "skipped":
            why = "" if name.split(".")[-1].split("(")[0] in SKIPPED_BY_THE_KIT else "  (its own server runs it)"
            print(f"skipped {name}{why}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped by the kit", flush=True)
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
