"""Fixtures of the end-to-end tests: one server for the whole run, one connection and one database per test.

Coroutine tests run on their own event loop. Set WEIR_E2E_BOOTSTRAP=host:port (and WEIR_E2E_SASL_BOOTSTRAP) to run
the same tests against another server of the protocol, such as Apache Fluss itself; tests marked `weir_only` are
skipped there.
"""
import asyncio
import inspect
import itertools
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from true_exit import pytest_sessionfinish, pytest_unconfigure  # noqa: E402, F401
from external_catalog import house, proxy  # noqa: E402, F401
from fluss_session import FlussSession  # noqa: E402
from small_disk import small_disk  # noqa: E402, F401
from weir_server import WeirServer  # noqa: E402

EXTERNAL = os.environ.get("WEIR_E2E_BOOTSTRAP")
TEST_SECONDS_MAX = 60
_database_numbers = itertools.count()


def pytest_configure(config):
    config.addinivalue_line("markers", "weir_only: needs what only our server has; skipped against another one")
    config.addinivalue_line("markers", "fluss_1_0: needs a server of protocol 1.0; Apache Fluss 0.9.1 lacks it")


def pytest_collection_modifyitems(items):
    if EXTERNAL:
        for item in items:
            if item.get_closest_marker("weir_only") or item.get_closest_marker("fluss_1_0"):
                item.add_marker(pytest.mark.skip(reason="not against another server"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run `async def` tests, each with a deadline."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), TEST_SECONDS_MAX))
    return True


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server most tests share. Tests that stop, kill or fill a server start their own."""
    with WeirServer.start(tmp_path_factory.mktemp("weir") / "data") as shared:
        yield shared


@pytest.fixture(scope="session")
def bootstrap(request):
    return EXTERNAL or request.getfixturevalue("server").bootstrap


@pytest.fixture
def session(bootstrap):
    """A FlussSession of the official Python client on a database of this test's own. Use: `async with session:`."""
    return FlussSession(bootstrap, f"db{os.getpid()}_{next(_database_numbers)}")
