"""`weir verify` for tests."""
import json
import subprocess

from weir_server import weir_binary

FINDINGS = 4


def verify(table, server=None, data_dir=None):
    """Exit code and report of a check, against a running server or a data folder."""
    where = ["--data-dir", str(data_dir)] if data_dir else ["--http", server.http]
    done = subprocess.run([weir_binary(), "verify", table, "--json", *where], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def assert_clean(table, server):
    code, report = verify(table, server)
    assert code == 0 and report["clean"], report
    return report
