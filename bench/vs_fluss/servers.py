"""What both servers have in common: ports, readiness, CPU time, memory, and our own server as a subject."""
import os
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "test/e2e"))
import weir_server  # noqa: E402
from weir_server import answers, call, free_port  # noqa: E402,F401


def wait_for(condition, seconds_max):
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("the server is not ready in time")
        time.sleep(0.001)


def tablet_servers(port):
    """How many tablet servers GET_METADATA lists (its field 2)."""
    body, at, count = call(port, 1012, b"") or b"", 0, 0
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


def start_pinned(subject, cpus):
    """Start a server on some CPUs only: it must see from the first moment what it may use."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        subject.start()
    finally:
        os.sched_setaffinity(0, ours)


class WeirServer(weir_server.WeirServer):
    name = "Weir"

    def __init__(self, binary, folder):
        super().__init__(pathlib.Path(folder) / "data", binary=binary)

    def start(self):
        self.launch()
        return self

    @property
    def pids(self):
        return [self.pid]
