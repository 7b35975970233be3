"""Flink with the official Fluss connector, lake reader and tiering job, from Maven Central, each a process of its own.

Jars and classes are kept under .deps/java, so only the first call needs Maven (about 390 MB).
"""
import json
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".deps/java"
JARS = CACHE / "flink-1.20.3"
FLUSS_JARS = ("fluss-flink-1.20:0.9.1-incubating", "fluss-lake-iceberg:0.9.1-incubating")
CLASSES = CACHE / "classes-flink-1.20.3"
# Flink's own scripts open these (config.yaml of its distribution).
OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in (
    "java.lang", "java.lang.invoke", "java.math", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util",
    "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch")]
ANSWER_SECONDS_MAX = 300
LOG4J = """rootLogger.level=WARN
rootLogger.appenderRef.f.ref=F
appender.f.name=F
appender.f.type=File
appender.f.fileName=${sys:log.file}
appender.f.layout.type=PatternLayout
appender.f.layout.pattern=%d %p %c %m%n
"""


def jars():
    """Everything of the class path, fetched on first use."""
    stamp, wanted = JARS / "stamp", (HERE / "pom.xml").read_text() + "".join(FLUSS_JARS)
    if not stamp.exists() or stamp.read_text() != wanted:
        maven("-f", HERE / "pom.xml", "dependency:copy-dependencies", "-DincludeScope=runtime")
        # Shaded jars, whose parents are not all on Maven Central: without their declared dependencies.
        for jar in FLUSS_JARS:
            maven("dependency:copy", f"-Dartifact=org.apache.fluss:{jar}")
        stamp.write_text(wanted)
    return sorted(JARS.glob("*.jar"))


def maven(*arguments):
    subprocess.run(["mvn", "-q", "-B", *map(str, arguments), f"-DoutputDirectory={JARS}"], check=True, stdout=sys.stderr)


def compiled():
    """The folder of our classes, compiled when a source is newer."""
    sources = sorted((HERE / "src").glob("*.java"))
    stamp = CLASSES / "stamp"
    if not stamp.exists() or stamp.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        CLASSES.mkdir(parents=True, exist_ok=True)
        subprocess.run(["javac", "-nowarn", "-Xlint:-options", "-cp", os.pathsep.join(map(str, jars())), "-d", str(CLASSES),
                        *map(str, sources)], check=True, stdout=sys.stderr)
        stamp.touch()
    return CLASSES


class Flink:
    """A program of ours in a JVM with a Flink cluster inside; ends with the input that it reads."""

    def __init__(self, program, arguments, folder, jvm_options=("-Xmx1g",)):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{program}.log"
        (folder / "log4j.properties").write_text(LOG4J)
        class_path = os.pathsep.join(map(str, [compiled(), *jars()]))
        command = ["java", *jvm_options, *OPENS, f"-Dlog4j2.configurationFile=file:{folder}/log4j.properties",
                   f"-Dlog.file={self.log}", f"-Djava.io.tmpdir={folder}", "-cp", class_path, program, *map(str, arguments)]
        self.out = open(folder / f"{program}.out", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.out, text=True)
        self.answer()

    @property
    def pid(self):
        return self.process.pid

    def answer(self):
        """The next line of JSON; libraries print there, too. A job that Flink restarts for ever would never give one."""
        too_late = threading.Timer(ANSWER_SECONDS_MAX, self.process.kill)
        too_late.start()
        try:
            for line in self.process.stdout:
                if line.startswith("{"):
                    return json.loads(line)
        finally:
            too_late.cancel()
        tail = "\n".join(pathlib.Path(self.out.name).read_text().splitlines()[-30:])
        raise RuntimeError(f"{self.log.stem} ended with {self.process.wait()}:\n{tail}")

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()
        self.out.close()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class FlinkError(Exception):
    """What Flink said, causes last."""


class FlinkSql(Flink):
    """`options` are more of the catalog's, `settings` of Flink's."""

    def __init__(self, bootstrap, folder, parallelism=2, options=None, settings=None):
        super().__init__("FlinkSql", [parallelism, *(f"{key}={value}" for key, value in (settings or {}).items())], folder)
        catalog = {"type": "fluss", "bootstrap.servers": bootstrap, **(options or {})}
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in catalog.items())
        for mode in ("batch", "stream"):
            self.ask(mode, f"CREATE CATALOG weir WITH ({properties})")
            self.ask(mode, "USE CATALOG weir")

    def ask(self, mode, statement):
        """[[change kind, value...]...]; mode  batch, or stream:N for the first N changes, or write."""
        self.process.stdin.write(f"{mode}\t{' '.join(statement.split())}\n")
        self.process.stdin.flush()
        answer = self.answer()
        if "error" in answer:
            raise FlinkError(answer["error"])
        return answer["rows"]

    def rows(self, statement):
        """The rows of a query in batch mode."""
        return [row[1:] for row in self.ask("batch", statement)]


class TieringJob(Flink):
    """The official job; `lake` are the properties of its catalog, `fluss` more of its connection."""

    def __init__(self, bootstrap, lake, folder, parallelism=2, poll="1 s", jvm_options=("-Xmx2g",), fluss=None):
        fluss = {"bootstrap.servers": bootstrap, "tiering.poll.table.interval": poll, **(fluss or {})}
        super().__init__("TieringJob", [parallelism, *(f"fluss.{k}={v}" for k, v in fluss.items()),
                                        *(f"datalake.iceberg.{k}={v}" for k, v in lake.items())], folder, jvm_options)
