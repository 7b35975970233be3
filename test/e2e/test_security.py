"""SASL/PLAIN with both official clients."""
import os
import subprocess

import pytest
from conftest import EXTERNAL
from fluss import Config, FlussConnection, FlussError
from test_java_client import official_client
from weir_server import WeirServer

AUTHENTICATE = 46


@pytest.fixture(scope="module")
def closed_server(tmp_path_factory):
    """host:port of a server that knows admin / admin-secret."""
    if EXTERNAL:
        if "WEIR_E2E_SASL_BOOTSTRAP" not in os.environ:
            pytest.skip("WEIR_E2E_SASL_BOOTSTRAP is not set")
        yield os.environ["WEIR_E2E_SASL_BOOTSTRAP"]
        return
    options = ["--set", "security.users=admin:admin-secret,alice:alice-secret"]
    with WeirServer.start(tmp_path_factory.mktemp("closed") / "data", options) as server:
        yield server.bootstrap


async def connect(bootstrap, user=None, password=None):
    config = {"bootstrap.servers": bootstrap}
    if user:
        config.update({"security.protocol": "sasl", "security.sasl.mechanism": "PLAIN", "security.sasl.username": user,
                       "security.sasl.password": password})
    connection = await FlussConnection.create(Config(config))
    try:
        return await connection.get_admin().list_databases()
    finally:
        await connection.close()


@pytest.mark.parametrize("user, password", [("admin", "admin-secret"), ("alice", "alice-secret")])
async def test_the_right_password_opens_the_door(closed_server, user, password):
    assert "fluss" in await connect(closed_server, user, password)


@pytest.mark.parametrize("user, password", [("admin", "wrong"), ("nobody", "admin-secret"), ("admin", "alice-secret")])
async def test_a_wrong_password_does_not(closed_server, user, password):
    with pytest.raises(FlussError) as error:
        await connect(closed_server, user, password)
    assert error.value.error_code == AUTHENTICATE


async def test_no_password_does_not(closed_server):
    with pytest.raises(FlussError):
        await connect(closed_server)


@pytest.mark.parametrize("version", official_client.VERSIONS)
def test_the_java_client_authenticates(closed_server, version):
    command = official_client.command(version, "OfficialClientChecks", [f"sasl={closed_server}"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "3 passed, 0 failed", done.stdout + done.stderr
