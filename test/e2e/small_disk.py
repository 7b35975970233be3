"""A file system of a test's own with little room, and what fills it."""
import os
import shutil
import subprocess

import pytest

DISK_BYTES = 48 << 20


@pytest.fixture
def small_disk(tmp_path):
    """Its folder. Skipped where nothing may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "weir-test", str(folder)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_disk(ballast):
    """Let the file `ballast` grow until not a byte more fits."""
    with open(ballast, "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
