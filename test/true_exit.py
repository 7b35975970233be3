"""Two hooks for conftest.py files: leave with pytest's verdict and without the interpreter's teardown, in which the
runtime of pyfluss 1.0.0 may abort although every test passed."""
import os
import sys

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    session.config.weir_exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if hasattr(config, "weir_exit_status"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.weir_exit_status)
