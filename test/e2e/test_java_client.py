"""The official Java clients, 1.0.0 and 0.9.1: one test per check of tests/java/src.

A program runs once per client version and prints a line per check; here the lines become test results, so that a
check that vanished, or never ran because the program broke, fails too.
"""
import importlib.util
import os
import pathlib
import re
import subprocess

import pytest
from conftest import EXTERNAL

JAVA = pathlib.Path(__file__).resolve().parents[2] / "tests/java"
PROGRAM_SECONDS_MAX = 300

_spec = importlib.util.spec_from_file_location("official_client", JAVA / "official_client.py")
official_client = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(official_client)


def check_names(version):
    """Beginnings of the names of all checks that a client version runs, without those that need SASL."""
    names = []
    for source in official_client.sources(version):
        names += re.findall(r'Check\.check\("((?!security)[^"]+)"', source.read_text())
    return names


@pytest.fixture(scope="session")
def results(bootstrap):
    """{version: {check: failure or None}}, filled on first use of a version."""
    cache = {}

    def of(version):
        if version not in cache:
            command = official_client.command(version, "OfficialClientChecks", [f"bootstrap={bootstrap}"])
            done = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS_MAX)
            lines = done.stdout.splitlines()
            cache[version] = {line[3:]: None for line in lines if line.startswith("ok ")}
            failures = (line[5:].split(": ", 2) for line in lines if line.startswith("FAIL "))
            cache[version].update({f"{group}: {name}": why for group, name, why in failures})
            cache[version]["the program ended well"] = None if done.returncode in (0, 1) else done.stderr[-2000:]
        return cache[version]

    return of


@pytest.mark.parametrize("version, name", [(version, name) for version in official_client.VERSIONS
                                           for name in [*check_names(version), "the program ended well"]])
def test_official_java_client(results, version, name):
    if EXTERNAL and name.startswith("1.0: "):
        pytest.skip("not against another server")
    found = {check: failure for check, failure in results(version).items() if check.startswith(name)}
    assert found, f"the check did not run: {name}"
    assert not any(found.values()), {check: failure for check, failure in found.items() if failure}


def test_both_client_versions_are_the_released_ones():
    assert set(official_client.VERSIONS) == {"1.0.0", "0.9.1-incubating"}
    for version in official_client.VERSIONS:
        assert any(os.path.basename(jar) == f"fluss-client-{version}.jar" for jar in official_client.client_jars(version))
