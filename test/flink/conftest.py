"""Puts the helpers of the end-to-end tests within reach; leaves without the interpreter's teardown, as they do."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "interop")]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    session.config.weir_exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if hasattr(config, "weir_exit_status"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.weir_exit_status)
