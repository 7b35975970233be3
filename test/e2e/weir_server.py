"""One `weir serve` process with its own data folder and ports; stopped by its pid.

    with WeirServer.start(tmp_path / "data") as server:
        ... server.bootstrap, server.http, server.kill(), server.restart() ...
"""
import http.client
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
READY_SECONDS_MAX = 20.0


def weir_binary():
    """The program under test: $WEIR or the release build."""
    return pathlib.Path(os.environ.get("WEIR", REPOSITORY / "build/release/weir"))


def free_port():
    """A loopback port nobody listens on, below the range the kernel hands out to clients."""
    while True:
        port = random.randint(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def _read_exactly(conn, count):
    data = b""
    while len(data) < count:
        part = conn.recv(count - len(data))
        if not part:
            raise ConnectionError("closed")
        data += part
    return data


def call(port, api, body):
    """The body of a successful answer, by a connection of its own; None otherwise."""
    frame = struct.pack(">hhi", api, 0, 1) + body
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as conn:
            conn.sendall(struct.pack(">i", len(frame)) + frame)
            size, = struct.unpack(">i", _read_exactly(conn, 4))
            reply = _read_exactly(conn, size)
            return reply[5:] if reply[0] == 0 else None
    except OSError:
        return None


def answers(port):
    """Whether the server at `port` answers API_VERSIONS."""
    return call(port, 1000, b"\x0a\x04test\x12\x01\x31") is not None


def answers_http(port):
    """Whether somebody at `port` speaks HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class WeirServer:
    def __init__(self, data_dir, options=(), env=None, binary=None):
        self.binary = binary or weir_binary()
        self.data_dir = pathlib.Path(data_dir)
        self.options = list(options)
        self.env = env
        self.port = free_port()
        self.http_port = free_port()
        self.process = None
        self.ready_seconds = None

    @classmethod
    def start(cls, data_dir, options=(), env=None):
        server = cls(data_dir, options, env)
        server.launch()
        return server

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def http(self):
        return f"127.0.0.1:{self.http_port}"

    @property
    def pid(self):
        return self.process.pid

    @property
    def log_path(self):
        return self.data_dir.with_suffix(".log")

    def launch(self, wait=True):
        """Start the process and, unless told not to, wait until it answers on the Fluss port."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        command = [str(self.binary), "serve", "--data-dir", str(self.data_dir), "--listen", self.bootstrap,
                   "--http", self.http, *self.options]
        started = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(self.env or {})})
        if not wait:
            return
        while not answers(self.port):
            if self.process.poll() is not None:
                raise RuntimeError(f"weir serve exited with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() - started > READY_SECONDS_MAX:
                self.kill()
                raise RuntimeError(f"weir serve did not answer in time:\n{self.log_tail()}")
            time.sleep(0.002)
        self.ready_seconds = time.monotonic() - started

    def sql(self, statement, accept="application/x-ndjson"):
        """The answer to POST /v1/sql; raises HTTPError when the first statement fails."""
        request = urllib.request.Request(f"http://{self.http}/v1/sql", statement.encode(),
                                         {"Content-Type": "text/plain", "Accept": accept})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def kill(self):
        """kill -9, as a power cut would."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self, seconds_max=20):
        """SIGTERM; a clean stop exits with 0."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=seconds_max)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"weir serve ran on for {seconds_max} s after SIGTERM:\n{self.log_tail()}") from None
        return self.process.returncode if self.process else None

    def restart(self):
        self.stop()
        self.launch()

    def log_tail(self, lines=40):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def memory_kib(self, field="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise RuntimeError(f"{field} not found")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
