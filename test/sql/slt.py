"""Text tests of SQL, in the manner of sqllogictest.

    # comment
    statement ok                       the SQL that follows, up to an empty line, succeeds
    statement count 3                  … and writes 3 rows
    statement error REGEX              … fails, and the message or the code matches
    query [rowsort]                    rows follow behind ----, columns split by '|'; rowsort: in any order
    restart                            stop the server cleanly and start it again
    kill                               kill -9, then start again

NULL is NULL, empty text is (empty). USE holds until the end of the file.
"""
import base64
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field


@dataclass
class Step:
    line: int
    kind: str
    argument: str
    sql: str = ""
    expected: list = field(default_factory=list)


@dataclass
class Answer:
    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    affected: int = None
    database: str = ""
    error: str = None  # "CODE message"


def parse(text):
    steps, lines = [], text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        step = Step(at, word, rest.strip())
        if word in ("statement", "query"):
            sql = []
            while at < len(lines) and lines[at].strip() and lines[at].strip() != "----":
                sql.append(lines[at])
                at += 1
            step.sql = "\n".join(sql)
            if word == "query":
                at += 1  # ----
                while at < len(lines) and lines[at].strip():
                    step.expected.append(lines[at].rstrip())
                    at += 1
        elif word not in ("restart", "kill"):
            raise ValueError(f"line {at}: unknown directive {word}")
        steps.append(step)
    return steps


class SqlClient:
    """POST /v1/sql, one session: remembers the database in use."""

    def __init__(self, http, user=None, password=None):
        self.url = f"http://{http}/v1/sql"
        self.database = ""
        self.headers = {"Content-Type": "application/json", "Accept": "application/vnd.weir.frames+json"}
        if user:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {token}"

    def run(self, sql, values="text"):
        body = json.dumps({"sql": sql, "database": self.database, "values": values}).encode()
        request = urllib.request.Request(self.url, body, self.headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                frames = response.read().decode()
        except urllib.error.HTTPError as e:
            frames = e.read().decode()
        answer = Answer()
        for line in frames.splitlines():
            frame = json.loads(line)
            if "columns" in frame:
                answer.columns, answer.rows = frame["columns"], []
            elif "rows" in frame:
                answer.rows += frame["rows"]
            elif "done" in frame:
                answer.affected = frame["done"]["affected"]
                self.database = frame["done"]["database"]
            elif "error" in frame:
                answer.error = f'{frame["error"]["code"]} {frame["error"]["message"]}'
        return answer


def cell(value):
    if value is None:
        return "NULL"
    return value if value != "" else "(empty)"


def check(step, answer):
    """None, or what is wrong."""
    what, _, argument = step.argument.partition(" ")
    if step.kind == "statement" and what == "error":
        if answer.error is None:
            return "succeeded, although it should fail"
        return None if re.search(argument, answer.error) else f"failed with another message: {answer.error}"
    if answer.error is not None:
        return answer.error
    if step.kind == "statement":
        if what == "count" and answer.affected != int(argument):
            return f"wrote {answer.affected} rows instead of {argument}"
        return None
    rows = ["|".join(cell(value) for value in row) for row in answer.rows]
    expected = list(step.expected)
    if what == "rowsort":
        rows.sort()
        expected.sort()
    if rows != expected:
        return "expected\n  " + "\n  ".join(expected) + "\nbut got\n  " + "\n  ".join(rows)
    return None
