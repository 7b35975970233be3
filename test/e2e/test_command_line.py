"""The commands of the binary: output that programs can read, exit codes, help that teaches."""
import json
import os
import subprocess

import pytest
from fluss_session import append, upsert
from rows import KEYED, LOG, log_batch
from weir_server import WeirServer, weir_binary

pytestmark = pytest.mark.weir_only
WRONG_USE = 2
UNREACHABLE = 3


def run(*arguments, **env):
    return subprocess.run([str(weir_binary()), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **env})


async def test_table_ls_lists_tables_with_their_rows(session, server):
    async with session:
        await append(await session.create("log", LOG, buckets=2), log_batch(10))
        await upsert(await session.create("keyed", KEYED, ["id"]), [[1, "a", 1], [2, "b", 2], [1, "c", 3]])
        lines = run("table", "ls", session.database, "--server", server.bootstrap).stdout.splitlines()
        assert [line.split() for line in lines[1:]] == [
            [f"{session.database}.keyed", "primary", "key", "1", "-", "2"], [f"{session.database}.log", "log", "2", "-", "10"]]


async def test_table_describe_shows_columns_and_offsets(session, server):
    async with session:
        await upsert(await session.create("keyed", KEYED, ["id"], comment="a comment"), [[1, "a", 1], [1, "b", 2]])
        printed = run("table", "describe", f"{session.database}.keyed", "--server", server.bootstrap).stdout
        assert "a comment" in printed and "primary key   id" in printed
        assert printed.splitlines()[-1].split() == ["-", "0", "0", "3", "1"]


async def test_table_tail_prints_json(session, server):
    async with session:
        await upsert(await session.create("keyed", KEYED, ["id"]), [[1, "a\"b", 1], [1, None, 2]])
        done = run("table", "tail", f"{session.database}.keyed", "-n", 2, "--server", server.bootstrap)
        assert [json.loads(line) for line in done.stdout.splitlines()] == [
            {"_offset": 1, "_bucket": 0, "_change": "-U", "_row": {"id": 1, "name": "a\"b", "v": 1}},
            {"_offset": 2, "_bucket": 0, "_change": "+U", "_row": {"id": 1, "name": None, "v": 2}}]
        done = run("table", "tail", f"{session.database}.keyed", "--from-start", "--columns", "v", "--server", server.bootstrap)
        assert [json.loads(line)["_row"] for line in done.stdout.splitlines()] == [{"v": 1}, {"v": 1}, {"v": 2}]


async def test_table_get_prints_the_row_or_fails(session, server):
    async with session:
        await upsert(await session.create("keyed", KEYED, ["id"]), [[1, "a", 1]])
        name = f"{session.database}.keyed"
        done = run("table", "get", name, 1, "--server", server.bootstrap)
        assert (done.returncode, json.loads(done.stdout)) == (0, {"id": 1, "name": "a", "v": 1})
        assert run("table", "get", name, 2, "--server", server.bootstrap).returncode == 1
        assert "not a INT" in run("table", "get", name, "x", "--server", server.bootstrap).stderr


def test_an_unreachable_server_has_its_own_exit_code():
    done = run("table", "ls", "--server", "127.0.0.1:1")
    assert done.returncode == UNREACHABLE
    assert "weir serve" in done.stderr


@pytest.mark.parametrize("command", [["table", "ls"], ["table", "tail", "fluss.t"], ["bench", "produce"], ["doctor"]])
def test_the_http_port_is_not_the_wire_port(server, tmp_path, command):
    done = run(*command, "--server", server.http, *(["--data-dir", tmp_path] if command == ["doctor"] else []))
    assert done.returncode == (1 if command == ["doctor"] else WRONG_USE)
    assert "looks like a server's HTTP port; its wire port is 9123" in done.stderr + done.stdout, done
    assert "weir serve" not in done.stderr


@pytest.mark.parametrize("command", [["sql", "-c", "SELECT 1"], ["lake", "status"], ["verify", "fluss.t"]])
def test_the_wire_port_is_not_the_http_port(server, command):
    done = run(*command, "--server", server.bootstrap)
    assert done.returncode == WRONG_USE
    assert "does not speak HTTP: is this a server's wire port? its HTTP port is 8080" in done.stderr, done
    assert run("lake", "status", "--server", f"http://{server.http}/").returncode == 0


@pytest.mark.parametrize("command", [["ls"], ["describe", "fluss.t"], ["tail", "fluss.t"], ["get", "fluss.t", 1]])
def test_a_server_on_the_command_line_beats_the_environment(tmp_path, command):
    elsewhere = {"WEIR_SERVER": "127.0.0.1:1", "WEIR_USER": "nobody", "WEIR_PASSWORD": "secret"}
    with WeirServer.start(tmp_path / "data", ["--set", "security.users=alice:secret"]) as server:
        made = run("sql", "--server", server.http, "--user", "alice", "-c",
                   "CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED); INSERT INTO t VALUES (1)", **elsewhere)
        assert made.returncode == 0, made.stderr
        done = run("table", *command, "--server", server.bootstrap, "--user", "alice", **elsewhere)
        assert done.returncode == 0, done.stderr
        assert run("table", *command, **elsewhere).returncode == UNREACHABLE
        assert run("table", *command, **{**elsewhere, "WEIR_SERVER": server.bootstrap}).returncode == 1  # nobody


def test_a_data_folder_on_the_command_line_beats_the_environment(tmp_path):
    elsewhere = {"WEIR_HTTP": "127.0.0.1:1"}
    made = run("sql", "--data-dir", tmp_path / "data", "-c", "CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED) "
               "WITH ('table.datalake.enabled' = 'true')", **elsewhere)
    assert made.returncode == 0, made.stderr
    done = run("verify", "fluss.t", f"--data-dir={tmp_path / 'data'}", **elsewhere)
    assert (done.returncode, "clean" in done.stdout) == (0, True), done.stderr
    for command in (["sql", "-c", "SELECT 1"], ["verify", "fluss.t"]):
        assert run(*command, **elsewhere).returncode == UNREACHABLE
        both = run(*command, "--server", "127.0.0.1:1", "--data-dir", tmp_path / "data")
        assert both.returncode == WRONG_USE and "excludes" in both.stderr


def test_a_data_folder_does_not_come_into_being_unnoticed(tmp_path):
    refused = run("verify", "fluss.t", "--data-dir", tmp_path / "typo")
    assert refused.returncode == 1 and f"no Weir data in {tmp_path / 'typo'}" in refused.stderr
    assert not (tmp_path / "typo").exists()
    first, second = (run("sql", "--data-dir", tmp_path / "new", "-c", "SELECT 1") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert f"created a new data folder: {tmp_path / 'new'}" in first.stderr and "created" not in second.stderr


def test_a_folder_in_place_of_a_file_is_an_error_like_others(tmp_path):
    for command, code in ((["serve", "--config", tmp_path, "--data-dir", tmp_path / "data"], WRONG_USE),
                          (["sql", "-f", tmp_path], 1)):
        done = run(*command)
        assert done.returncode == code and done.stderr.startswith("weir: ") and str(tmp_path) in done.stderr


@pytest.mark.parametrize("where", ["flag", "environment", "file", "environment of sql"])
def test_an_option_that_does_not_exist_stops_the_start(tmp_path, where):
    (tmp_path / "weir.yaml").write_text("server:\n  listn: 127.0.0.1:1\n")
    serve = ["serve", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", "--http", "off"]
    wrong = {"WEIR_SERVER_LISTN": "127.0.0.1:1"}
    embedded = ["sql", "--data-dir", tmp_path / "data", "-c", "SELECT 1"]
    done = {"flag": lambda: run(*serve, "--set", "server.listn=x"),
            "environment": lambda: run(*serve, **wrong),
            "file": lambda: run(*serve, "--config", tmp_path / "weir.yaml"),
            "environment of sql": lambda: run(*embedded, **wrong)}[where]()
    assert done.returncode == WRONG_USE and "did you mean" in done.stderr and not (tmp_path / "data").exists()


def test_variables_of_others_do_not_stop_the_start(tmp_path):
    """Kubernetes gives every pod the address of a service called weir; images name what they like."""
    links = {"WEIR_SERVICE_HOST": "10.0.0.1", "WEIR_PORT": "tcp://10.0.0.1:9123", "WEIR_PORT_9123_TCP_ADDR": "10.0.0.1",
             "WEIR_PORT_9123_TCP_PORT": "9123", "WEIR_SERVER_PORT": "tcp://10.0.0.1:9123"}
    with WeirServer.start(tmp_path / "data", env={**links, "WEIR_VERSION": "1.0"}) as server:
        log = server.log_path.read_text()
    assert "WEIR_VERSION: no such option" in log and not any(name in log for name in links)


def test_a_refusal_over_http_is_printed_as_text(server):
    done = run("verify", "fluss.no_such_table", "--server", server.http)
    assert done.returncode == 1
    assert "no_such_table" in done.stderr and "[TABLE_NOT_EXIST]" in done.stderr and "{" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "sql", "table", "demo", "bench", "version", "doctor"])
def test_every_command_explains_itself(command):
    done = run(command, "--help")
    assert done.returncode == 0 and len(done.stdout.splitlines()) >= 3


def test_wrong_arguments_are_refused():
    assert run("no-such-command").returncode == WRONG_USE
    assert "did you mean table?" in run("tabel", "ls").stderr
    assert "no such command: lst (did you mean ls?); there is ls, describe, tail, get" in run("table", "lst").stderr
    assert run("table", "get").returncode == WRONG_USE
    assert run("bench", "no-such-operation").returncode == WRONG_USE
    alone = run()
    assert alone.returncode == WRONG_USE and "serve" in alone.stderr and alone.stdout == ""
    assert run("--help").returncode == 0 and run("--version").stdout.startswith("weir ")


def test_bench_measures_in_json(tmp_path):
    done = run("bench", "produce", "fetch", "upsert", "lookup", "e2e", "--seconds", 0.2, "--rows", 5000, "--data-dir", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["op"] for result in results] == ["produce", "fetch", "upsert", "lookup", "e2e"]
    assert all(result["rows"] > 0 and result["server_cpu_s"] >= 0 for result in results)


def test_doctor_finds_a_healthy_machine(server):
    done = run("doctor", "--server", server.bootstrap, "--data-dir", server.data_dir)
    assert done.returncode == 0, done.stdout + done.stderr
