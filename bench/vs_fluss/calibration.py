"""What this machine can do at best, measured in the same run: the yardsticks beside the servers' figures."""
import os
import pathlib
import socket
import statistics
import time

import numpy

FILE_BYTES = 256 << 20


def memcpy_gb_per_s():
    source = numpy.ones(64 << 20, dtype=numpy.uint8)
    target = numpy.empty_like(source)
    rates = []
    for _ in range(7):
        started = time.perf_counter()
        numpy.copyto(target, source)
        rates.append(source.nbytes / 1e9 / (time.perf_counter() - started))
    return statistics.median(rates)


def fdatasync_us(folder):
    """Median of writing 4 KiB into a preallocated file and syncing it."""
    path = pathlib.Path(folder) / "fdatasync"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    os.write(descriptor, bytes(4 << 20))
    os.fsync(descriptor)
    times = []
    for number in range(200):
        started = time.perf_counter()
        os.pwrite(descriptor, bytes(4096), number * 4096)
        os.fdatasync(descriptor)
        times.append((time.perf_counter() - started) * 1e6)
    os.close(descriptor)
    path.unlink()
    return statistics.median(times)


def sendfile_mb_per_s(folder, sender_cpus, receiver_cpus):
    """A file in the page cache through a loopback socket, sender and receiver pinned as server and client are."""
    path = pathlib.Path(folder) / "sendfile"
    path.write_bytes(bytes(FILE_BYTES))
    listener = socket.create_server(("127.0.0.1", 0))
    rounds = 7
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, sender_cpus)
        with open(path, "rb") as file:
            for _ in range(rounds):
                conn, _ = listener.accept()
                offset = 0
                while offset < FILE_BYTES:
                    offset += os.sendfile(conn.fileno(), file.fileno(), offset, FILE_BYTES - offset)
                conn.close()
        os._exit(0)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, receiver_cpus)
    buffer, rates = bytearray(1 << 20), []
    for _ in range(rounds):
        with socket.create_connection(listener.getsockname()) as conn:
            received, started = 0, time.perf_counter()
            while received < FILE_BYTES:
                received += conn.recv_into(buffer)
            rates.append(FILE_BYTES / 1e6 / (time.perf_counter() - started))
    os.sched_setaffinity(0, before)
    os.waitpid(child, 0)
    listener.close()
    path.unlink()
    return statistics.median(rates)
