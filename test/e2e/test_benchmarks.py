"""Benchmarks are run seldom: that each still finds what it imports is seen here."""
import pathlib
import subprocess
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.mark.parametrize("script", sorted(BENCH.glob("*.py")) + [BENCH / "vs_fluss/run.py"], ids=lambda path: path.stem)
def test_a_benchmark_says_what_it_measures(script):
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
