"""SASL/PLAIN with both official clients."""
import os
import socket
import struct
import subprocess
import urllib.error
import urllib.request

import pytest
from conftest import EXTERNAL
from fluss import Config, FlussConnection, FlussError
from test_java_client import official_client
from weir_server import WeirServer, weir_binary

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


def frame(request_id, api, body):
    message = struct.pack(">hhi", api, 0, request_id) + body
    return struct.pack(">i", len(message)) + message


def password(request_id, text):
    token = b"\0admin\0" + text.encode()
    return frame(request_id, 1038, b"\x0a\x05PLAIN\x12" + bytes([len(token)]) + token)


def answers(connection):
    """(type, request id) of each answer until the server closes."""
    data = b""
    while part := connection.recv(4096):
        data += part
    while data:
        size, kind, request_id = struct.unpack_from(">ibi", data)
        yield kind, request_id
        data = data[4 + size:]


def test_what_comes_behind_a_wrong_password_is_not_looked_at(closed_server):
    host, port = closed_server.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(password(1, "wrong") + password(2, "admin-secret") + password(3, "wrong"))
        seen = list(answers(connection))
    assert seen and seen[0][1] == 1
    assert all(kind == 1 for kind, _ in seen), "the right password behind a wrong one was taken"


def refusals(server, door):
    """The lines of the log about clients that were refused at the port of Fluss ("rpc") or of HTTP ("web")."""
    return [line for line in server.log_tail(1000).splitlines() if f" {door}: a client was refused: " in line]


@pytest.mark.parametrize("request_, reason", [
    (password(1, "wrong"), 'request="Authenticate" because="authentication failed: invalid user or password"'),
    (frame(1, 1012, b""), 'because="authenticate first: api=GetMetadata"'),
    (frame(1, 1038, b'\x0a\x0bPL\nAIN"\nRPC\x12\x00'), "mechanism=PL?AIN'?RPC "),
])
def test_the_log_of_the_server_tells_who_was_refused(tmp_path, request_, reason):
    with WeirServer.start(tmp_path / "data", ["--set", "security.users=admin:admin-secret"]) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(request_)
            connection.recv(4096)
            peer = "peer={}:{} ".format(*connection.getsockname())
        line, = refusals(server, "rpc")
        assert peer in line and reason in line and line.endswith("others_before=0")


def test_one_who_tries_again_and_again_does_not_fill_the_log(tmp_path):
    with WeirServer.start(tmp_path / "data", ["--set", "security.users=admin:admin-secret"]) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            for turn in range(100):
                connection.sendall(frame(turn, 1012, b""))
            for _ in range(100):
                connection.recv(4096)
        assert len(refusals(server, "rpc")) <= 2
        assert not refusals(server, "web")


@pytest.mark.parametrize("path, body, answer", [
    ("/api/catalog/v1/config", None, "'iceberg.credential' in a Fluss catalog of Flink"),
    ("/api/catalog/v1/oauth/tokens", b"grant_type=client_credentials&client_id=admin&client_secret=nope", "wrong client id or secret"),
    ("/api/catalog/v1/oauth/tokens", b"grant_type=client_credentials&client_secret=nope", "'credential' is 'USER:PASSWORD'"),
    ("/v1/lake", None, "this server asks for a user and a password: HTTP Basic"),
])
def test_over_http_the_client_and_the_log_are_told_what_is_missing(tmp_path, path, body, answer):
    with WeirServer.start(tmp_path / "data", ["--set", "security.users=admin:admin-secret"]) as server:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"http://{server.http}{path}", body))
        assert refused.value.code == 401 and answer in refused.value.read().decode()
        line, = refusals(server, "web")
        assert f'{path}"' in line and answer in line and "nope" not in line


@pytest.mark.parametrize("version", official_client.VERSIONS)
def test_the_java_client_authenticates(closed_server, version):
    command = official_client.command(version, "OfficialClientChecks", [f"sasl={closed_server}"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "3 passed, 0 failed", done.stdout + done.stderr


@pytest.mark.parametrize("command", [["lake", "status"], ["verify", "fluss.none"]])
def test_commands_over_http_need_a_user_and_take_one(tmp_path, command):
    def run(server, **env):
        return subprocess.run([weir_binary(), *command, "--server", server.http], capture_output=True, text=True,
                              env={**os.environ, **env})
    with WeirServer.start(tmp_path / "data", ["--set", "security.users=alice:s3cret"]) as server:
        for refused in (run(server), run(server, WEIR_USER="alice", WEIR_PASSWORD="guess")):
            assert refused.returncode == 1 and "WEIR_PASSWORD" in refused.stderr, refused
        known = run(server, WEIR_USER="alice", WEIR_PASSWORD="s3cret")
        if command[0] == "lake":
            assert known.returncode == 0 and "FRESHNESS" in known.stdout, known
        else:
            assert known.returncode == 1 and "not exist" in known.stderr, known
