#!/usr/bin/env python3
"""Fetch an official Java client, compile programs against it and run them.

  tests/java/official_client.py 1.0.0 OfficialClientChecks bootstrap=127.0.0.1:9123
Jars and classes are kept under .deps/java, so only the first call needs Maven.
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".deps/java"
VERSIONS = ("1.0.0", "0.9.1-incubating")
JVM_OPTIONS = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--add-opens=java.base/java.nio=ALL-UNNAMED"]


def client_jars(version):
    """The jars of one client version, fetched on first use."""
    folder = CACHE / f"client-{version}"
    if not (folder / f"fluss-client-{version}.jar").exists():
        # fluss-client 1.0.0 has no .pom on Maven Central: Maven warns and takes the bare jar, which is all we need.
        subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), f"-Dfluss.version={version}",
                        "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"],
                       check=True, stdout=sys.stderr)
    return sorted(folder.glob("*.jar"))


def sources(version, folder=HERE):
    """All programs in `folder`; src-1.0 holds what a 0.9.1 client does not compile."""
    found = sorted((folder / "src").glob("*.java"))
    return found + (sorted((folder / "src-1.0").glob("*.java")) if version.startswith("1.") else [])


def compiled(version, folder=HERE):
    """The class folder for one version, compiled when a source is newer."""
    files = sources(version, folder)
    target = CACHE / f"classes-{folder.name}-{version}"
    stamp = target / "stamp"
    if not stamp.exists() or stamp.stat().st_mtime < max(path.stat().st_mtime for path in files):
        target.mkdir(parents=True, exist_ok=True)
        classpath = os.pathsep.join(map(str, client_jars(version)))
        subprocess.run(["javac", "-nowarn", "-Xlint:-options", "-cp", classpath, "-d", str(target), *map(str, files)],
                       check=True, stdout=sys.stderr)
        stamp.touch()
    return target


def command(version, program, arguments, folder=HERE, jvm_options=None):
    """The command line that runs `program` against the client of `version`."""
    classpath = os.pathsep.join([str(compiled(version, folder)), *map(str, client_jars(version))])
    return ["java", *(jvm_options or JVM_OPTIONS), "-cp", classpath, program, *arguments]


if __name__ == "__main__":
    line = command(sys.argv[1], sys.argv[2], sys.argv[3:])
    os.execvp(line[0], line)
