"""Tier into Iceberg's own REST catalog server: the tests of the external catalog, and its kill -9 loop, against it.

    python3 test/catalogs/run.py         all of it, by ./dev catalogs
    python3 test/catalogs/run.py down    the tests whose name contains this

Needs Java 17 and Maven; the jars (82 MB) come from Maven Central. WEIR_CRASH_LAKE_KILLS says how often to kill (default 20).
"""
import os
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
TESTS = [FOLDER.parent / "e2e/test_external_catalog.py", FOLDER.parent / "crash/test_external_catalog_crash.py"]


def classpath():
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["mvn", "-B", "-q", "-ntp", "-f", str(FOLDER / "pom.xml"), "dependency:build-classpath",
                        f"-Dmdep.outputFile={out.name}"], check=True)
        return pathlib.Path(out.name).read_text()


def main(only=""):
    environment = {"WEIR_CRASH_LAKE_KILLS": "20", **os.environ, "WEIR_REFERENCE_CATALOG": classpath()}
    command = [sys.executable, "-m", "pytest", "-q", *map(str, TESTS), *(["-k", only] if only else [])]
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
