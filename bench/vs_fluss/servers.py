"""What both servers have in common: ports, readiness, CPU time, memory, and our own server as a subject."""
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "test/e2e"))
from weir_server import free_port  # noqa: E402


def wait_for(condition, seconds_max):
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("the server is not ready in time")
        time.sleep(0.001)


def _call(port, api, body):
    """The body of a successful answer; None otherwise."""
    def exactly(conn, count):
        data = b""
        while len(data) < count:
            part = conn.recv(count - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as conn:
            frame = struct.pack(">hhi", api, 0, 1) + body
            conn.sendall(struct.pack(">i", len(frame)) + frame)
            reply = exactly(conn, struct.unpack(">i", exactly(conn, 4))[0])
            return reply[5:] if reply[0] == 0 else None
    except OSError:
        return None


def answers(port):
    """API_VERSIONS is answered."""
    return _call(port, 1000, b"\x0a\x04test\x12\x011") is not None


def tablet_servers(port):
    """How many tablet servers GET_METADATA lists (its field 2)."""
    body, at, count = _call(port, 1012, b"") or b"", 0, 0
    while at < len(body):
        count += body[at] >> 3 == 2
        at += 2 + body[at + 1]
    return count


def cpu_seconds(pids):
    """User and system time of processes."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory_mib(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def pin(pids, cpus):
    """Put all threads of processes on some CPUs."""
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                os.sched_setaffinity(int(task), cpus)
            except ProcessLookupError:
                pass  # a thread that just ended


class WeirServer:
    name = "Weir"

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.process = None
        self.ready_seconds = None

    def start(self):
        self.folder.mkdir(parents=True)
        port, http = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        with open(self.folder / "server.log", "wb") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                [str(self.binary), "serve", "--data-dir", str(self.folder / "data"), "--listen", self.bootstrap,
                 "--http", f"127.0.0.1:{http}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            wait_for(lambda: answers(port), 20)
            self.ready_seconds = time.monotonic() - started
        return self

    @property
    def pids(self):
        return [self.process.pid]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
