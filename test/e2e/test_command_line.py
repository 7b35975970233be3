"""The commands of the binary: output that programs can read, exit codes, help that teaches."""
import json
import subprocess

import pytest
from fluss_session import append, upsert
from rows import KEYED, LOG, log_batch
from weir_server import weir_binary

pytestmark = pytest.mark.weir_only
WRONG_USE = 2
UNREACHABLE = 3


def run(*arguments):
    return subprocess.run([str(weir_binary()), *map(str, arguments)], capture_output=True, text=True, timeout=60)


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


@pytest.mark.parametrize("command", ["serve", "sql", "table", "demo", "bench", "version", "doctor"])
def test_every_command_explains_itself(command):
    done = run(command, "--help")
    assert done.returncode == 0 and len(done.stdout.splitlines()) >= 3


def test_wrong_arguments_are_refused():
    assert run("no-such-command").returncode == WRONG_USE
    assert run("table", "get").returncode == WRONG_USE
    assert run("bench", "no-such-operation").returncode == WRONG_USE
    alone = run()
    assert alone.returncode == WRONG_USE and "serve" in alone.stderr and alone.stdout == ""
    assert run("--help").returncode == 0


def test_bench_measures_in_json(tmp_path):
    done = run("bench", "produce", "fetch", "upsert", "lookup", "e2e", "--seconds", 0.2, "--rows", 5000, "--data-dir", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["op"] for result in results] == ["produce", "fetch", "upsert", "lookup", "e2e"]
    assert all(result["rows"] > 0 and result["server_cpu_s"] >= 0 for result in results)


def test_doctor_finds_a_healthy_machine(server):
    done = run("doctor", "--server", server.bootstrap, "--data-dir", server.data_dir)
    assert done.returncode == 0, done.stdout + done.stderr
