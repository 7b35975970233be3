"""Every *.slt file, against the real binary under several configurations."""
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "e2e")]

from slt import SqlClient, check, parse  # noqa: E402
from weir_server import WeirServer  # noqa: E402

CONFIGS = {
    "plain": {"options": []},
    "one_shard": {"options": ["--set", "server.shards=1"]},
    # Nothing may live in memory only: the server restarts between any two statements.
    "restarts": {"options": ["--set", "server.shards=3"], "restart_before_queries": True},
}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.slt")), ids=lambda p: p.stem)
def test_slt(path, config, tmp_path):
    settings = CONFIGS[config]
    with WeirServer.start(tmp_path / "data", options=settings["options"]) as server:
        client = SqlClient(server.http)
        for step in parse(path.read_text()):
            if step.kind == "kill":
                server.kill()
                server.launch()
                continue
            if step.kind == "restart" or (step.kind == "query" and settings.get("restart_before_queries")):
                server.restart()
            if step.kind == "restart":
                continue
            wrong = check(step, client.run(step.sql))
            assert wrong is None, f"{path.name}:{step.line} [{config}]\n{step.sql}\n{wrong}"
