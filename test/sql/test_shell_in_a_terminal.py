"""The shell as a person uses it: in a terminal, with history, completion and Ctrl-C."""
import os
import pathlib
import pty
import re
import select
import sys
import termios

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parent.parent / "e2e")]

from weir_server import WeirServer, weir_binary  # noqa: E402

UP, CTRL_C, CTRL_D = "\x1b[A", "\x03", "\x04"
SECONDS_MAX = 20


class Terminal:
    def __init__(self, home, *arguments):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=str(home), TERM="xterm")
            os.execv(str(weir_binary()), ["weir", "sql", *arguments])

    def until(self, pattern):
        """Read until `pattern` was printed; forget everything up to it."""
        while not (found := re.search(pattern, self.text, re.S)):
            ready, _, _ = select.select([self.fd], [], [], SECONDS_MAX)
            assert ready, f"no {pattern!r} in {self.text!r}"
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            assert part, f"the shell ended without {pattern!r}: {self.text!r}"
            self.text += part.decode(errors="replace")
        before, self.text = self.text[:found.start()], self.text[found.end():]
        return before

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait_for_the_editor(self):
        """It prints its prompt before it takes the terminal; until then a Ctrl-C takes what was typed before it along."""
        for _ in range(SECONDS_MAX * 100):
            if not termios.tcgetattr(self.fd)[3] & termios.ICANON:
                return
            select.select([], [], [], 0.01)
        raise AssertionError("the editor does not take the terminal")

    def interrupt(self):
        """Press Ctrl-C until what runs is cancelled: a key that comes just before it has begun changes nothing."""
        for _ in range(SECONDS_MAX):
            self.type(CTRL_C)
            while select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536).decode(errors="replace")
                if "cancelled" in self.text:
                    return
        raise AssertionError(f"nothing was cancelled: {self.text!r}")

    def end(self):
        """Leave with Ctrl-D and return the exit code. The key is repeated: one that comes while the terminal is not yet
        in the editor's hands is the kernel's end of file, and lost."""
        for _ in range(SECONDS_MAX):
            self.type(CTRL_D)
            while select.select([self.fd], [], [], 1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    _, status = os.waitpid(self.pid, 0)
                    os.close(self.fd)
                    return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"the shell does not end: {self.text!r}")


@pytest.fixture(params=["server", "embedded"])
def shell(request, tmp_path):
    if request.param == "embedded":
        terminal = Terminal(tmp_path, "--data-dir", str(tmp_path / "data"))
        terminal.until("weir> ")
        yield terminal
        return
    with WeirServer.start(tmp_path / "data") as server:
        terminal = Terminal(tmp_path, "--server", server.http)
        terminal.until("weir> ")
        yield terminal


def test_ctrl_c_drops_the_line_and_stops_what_runs(shell):
    shell.type("SELECT 'not finished")
    shell.until("finished")
    shell.type(CTRL_C)
    shell.until(r"\^C.*> ")
    shell.type("SELECT\n")
    shell.until("-> ")
    shell.type(CTRL_C)
    shell.until(r"\^C.*weir> ")
    shell.type("SELECT 41 + 1 AS answer;\n")
    shell.until(r"\b42\b.*> ")
    shell.wait_for_the_editor()
    shell.type("SELECT count(*) FROM range(100000000000) a, range(100000) b;\n")
    shell.until(r"b;\r\n")
    shell.interrupt()
    shell.until("cancelled.*> ")
    shell.type("SELECT 6 * 7 AS answer;\n")
    shell.until(r"\b42\b.*> ")
    assert shell.end() == 0


def test_history_and_completion(shell, tmp_path):
    shell.type("CREATE TABLE sizes (wert STRING, PRIMARY KEY (wert) NOT ENFORCED);\n")
    shell.until("created.*> ")
    shell.type("INSERT INTO siz\t VALUES ('größe');\n")
    shell.until("1 row written.*> ")
    shell.type("SELECT wert\nFROM fluss.si\t;\n")
    shell.until(r"größe\r.*> ")
    shell.type(UP + "\n")
    shell.until(r"größe\r.*> ")
    assert shell.end() == 0
    assert "CREATE" in (tmp_path / ".weir_history").read_text()
    again = Terminal(tmp_path, "--data-dir", str(tmp_path / "other"))
    again.until("weir> ")
    again.type(UP)
    again.until("SELECT wert FROM")
    again.type(CTRL_C)
    again.until("> ")
    assert again.end() == 0
