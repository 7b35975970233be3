"""Puts the helpers of the end-to-end tests within reach; leaves as they do."""
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e"), str(HERE.parent / "interop")]

from true_exit import pytest_sessionfinish, pytest_unconfigure  # noqa: E402, F401
