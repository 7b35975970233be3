"""The readers under test, each a process of its own."""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
MAVEN = pathlib.Path(os.environ.get("MAVEN_REPOSITORY", pathlib.Path.home() / ".m2/repository"))
RUNTIME = "org/apache/iceberg/iceberg-spark-runtime-4.0_2.13/{0}/iceberg-spark-runtime-4.0_2.13-{0}.jar"

# Those of ICEBERG_SPARK_VERSIONS in ./dev.
SPARK_VERSIONS = ("1.10.1", "1.11.0")
ENGINES = {
    "pyiceberg": ("read_pyiceberg.py",),
    "polars": ("read_polars.py",),
    "duckdb": ("read_duckdb.py",),
    "chdb": ("read_chdb.py",),
    **{f"spark-{version}": ("read_spark.py",) for version in SPARK_VERSIONS},
    "weir": ("read_weir.py",),
    "weir-lake": ("read_weir.py", "--lake"),
}
# Those that ask the catalog for a plan, and so see rows that are not in the lake yet.
LIVE_ENGINES = {name: ENGINES[name] for name in ("pyiceberg", "spark-1.11.0", "weir")} | {
    "polars-rest": ("read_polars_rest.py",)}

# What a reader cannot do yet, by (engine, words in the table's name): a part of its error, so that a newer version
# that can is noticed.
LIMITS = {
    ("chdb", "deletion_vector"): "Position deletes are supported only for parquet format",
}
# Engines whose lists, maps and structs are never null: they read null as empty.
WITHOUT_NESTED_NULLS = {"chdb"}


def limit_of(engine, table):
    for (name, words), error in LIMITS.items():
        if name == engine and words in table:
            return error
    return None


class Engine:
    def __init__(self, name, catalog_uri, folder):
        script, *flags = (ENGINES | LIVE_ENGINES)[name]
        environment = {**os.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
        if name.startswith("spark-"):
            environment["ICEBERG_RUNTIME"] = str(MAVEN / RUNTIME.format(name.removeprefix("spark-")))
            environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        self.name = name
        self.log = folder / f"{name}.log"
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "readers" / script), catalog_uri, *flags], text=True, cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.log, "w"), env=environment)
        self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}:\n{self.log.read_text()[-3000:]}")
        return json.loads(line)

    def ask(self, **question):
        """The rows of a table, or the engine's error as text."""
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        return answer.get("rows", answer.get("error"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
