"""Leaves with pytest's verdict (true_exit.py)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from true_exit import pytest_sessionfinish, pytest_unconfigure  # noqa: E402, F401
