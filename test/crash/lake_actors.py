"""What the crash test of the lake believes: who wrote what to which table, and what may therefore be there.

An actor has a table to itself and at most one statement under way. When the server dies the statement is in doubt: its
rows may be there or not, each by itself. Acknowledged rows must be there, and nothing else may.
"""
import http.client
import json
import threading

DATABASE = "db"
KEYS = 120
PARTITIONS = ("a", "b", "c")


class StatementFailed(Exception):
    pass


class Sql:
    """Statements over HTTP, on one connection."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.http, timeout=60)

    def run(self, sql):
        """(column names, rows). Raises OSError or HTTPException when the server goes away."""
        self.connection.request("POST", "/v1/sql", json.dumps({"sql": sql, "values": "json"}),
                                {"Content-Type": "application/json", "Accept": "application/vnd.weir.frames+json"})
        names, rows, ended = [], [], False
        for line in self.connection.getresponse().read().decode().splitlines():
            event = json.loads(line)
            if "error" in event:
                raise StatementFailed(f"{sql[:300]}: {event['error']}")
            names = [column["name"] for column in event["columns"]] if "columns" in event else names
            rows += event.get("rows", [])
            ended = ended or "done" in event
        if not ended:
            raise http.client.IncompleteRead(b"")
        return names, rows

    def close(self):
        self.connection.close()


class Actor:
    """A table and what is known of it. `mode` of a primary-key table, None for a log table."""

    def __init__(self, name, dice, mode=None, partitioned=False, live="off", recreated=False):
        self.name, self.dice, self.mode, self.live = name, dice, mode, live
        self.partitioned, self.recreated = partitioned, recreated
        self.columns = []
        self.forget()

    def forget(self):
        """The table is new."""
        self.extra = 0            # columns that were added
        self.known = {}           # key -> row, acknowledged
        self.doubtful = {}        # key -> row or None, under way
        self.made = False         # the table is there
        self.in_doubt = None      # kind of the statement under way
        self.next_id = 0

    # ---- what the table may hold

    def key_of(self, row):
        return (row["id"], row["p"]) if self.partitioned and self.mode else row["id"]

    def explain(self, rows):
        """Check rows read from anywhere against what is known, and know them from now on."""
        found = {}
        for row in rows:
            assert self.key_of(row) not in found, f"{self.name}: twice {row}"
            found[self.key_of(row)] = row
        for key in {*found, *self.known, *self.doubtful}:
            may = [self.known.get(key)] + ([self.doubtful[key]] if key in self.doubtful else [])
            assert found.get(key) in may, f"{self.name}: key {key} is {found.get(key)} and should be one of {may}"
        self.known, self.doubtful, self.in_doubt = found, {}, None

    def is_explained_by(self, rows):
        """Whether rows are exactly what is known; nothing may be in doubt any more."""
        assert not self.in_doubt
        return sorted(map(repr, rows)) == sorted(map(repr, self.known.values()))

    def settle(self, sql):
        """Find out what became of the statement in doubt."""
        there = self.name in (row[0] for row in sql.run(f"SHOW TABLES FROM {DATABASE}")[1])
        if self.in_doubt in ("create", "drop"):
            if not there:
                self.forget()
            self.made, self.in_doubt = there, None
        assert there == self.made, f"{self.name}: there is {there}, known is {self.made}"
        if self.made:
            names, rows = sql.run(f"SELECT * FROM {DATABASE}.{self.name}")
            self.extra = sum(name.startswith("c") for name in names)
            self.explain([self.widened(dict(zip(names, row))) for row in rows])

    def widened(self, row):
        """A row as it is known: without the columns that it has no value for."""
        return {name: value for name, value in row.items() if value is not None}

    # ---- statements

    def step(self, sql):
        if self.in_doubt:
            self.settle(sql)
        chance = self.dice.random()
        if not self.made:
            self.state("create", {}, self.create(), sql)
            self.made = True
        elif self.recreated and chance < 0.04:
            self.state("drop", {}, f"DROP TABLE {DATABASE}.{self.name}", sql)
            self.forget()
        elif chance < 0.02 and self.extra < 3:
            self.state("alter", {}, f"ALTER TABLE {DATABASE}.{self.name} ADD c{self.extra} BIGINT", sql)
            self.extra += 1
        elif self.mode and chance < 0.3:
            self.delete(sql)
        else:
            self.write(sql)

    def state(self, kind, effect, text, sql):
        """Run a statement; while it runs it is in doubt."""
        self.in_doubt, self.doubtful = kind, effect
        sql.run(text)
        for key, row in effect.items():
            if row is None:
                self.known.pop(key, None)
            else:
                self.known[key] = row
        self.in_doubt, self.doubtful = None, {}

    def create(self):
        columns = ["id BIGINT NOT NULL", *(["p STRING NOT NULL"] if self.partitioned else []), "v BIGINT"]
        if self.mode:
            columns.append(f"PRIMARY KEY (id{', p' if self.partitioned else ''}) NOT ENFORCED")
        options = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s",
                   "table.datalake.iceberg.live": self.live}
        if self.mode:
            options["table.datalake.iceberg.delete-mode"] = self.mode
        return (f"CREATE TABLE {DATABASE}.{self.name} ({', '.join(columns)}) "
                f"{'' if not self.partitioned else 'PARTITIONED BY (p) '}"
                f"WITH ('bucket.num' = '2', {', '.join(f'{k!r} = {v!r}' for k, v in options.items())})")

    def new_row(self):
        if self.mode:
            number = self.dice.randrange(KEYS)
        else:
            number, self.next_id = self.next_id, self.next_id + 1
        row = {"id": number, "p": self.dice.choice(PARTITIONS), "v": self.dice.randrange(10 ** 9),
               **{f"c{i}": self.dice.randrange(10 ** 6) for i in range(self.extra)}}
        if not self.partitioned:
            del row["p"]
        return row

    def write(self, sql):
        effect = {}
        for _ in range(self.dice.randint(1, 40)):
            row = self.new_row()
            effect[self.key_of(row)] = row
        names = list(next(iter(effect.values())))
        values = ", ".join("(" + ", ".join(repr(row[name]) for name in names) + ")" for row in effect.values())
        self.state("write", effect, f"INSERT INTO {DATABASE}.{self.name} ({', '.join(names)}) VALUES {values}", sql)

    def delete(self, sql):
        number = self.dice.randrange(KEYS)
        keys = [key for key in self.known if (key[0] if isinstance(key, tuple) else key) % 7 == number % 7][:10]
        if not keys:
            return
        if self.partitioned:
            where = " OR ".join(f"(id = {number} AND p = {p!r})" for number, p in keys)
        else:
            where = f"id IN ({', '.join(map(str, keys))})"
        self.state("delete", dict.fromkeys(keys), f"DELETE FROM {DATABASE}.{self.name} WHERE {where}", sql)


class Driver(threading.Thread):
    """Lets an actor act until the server dies or it is told to stop. What goes wrong otherwise is kept in `failure`."""

    def __init__(self, server, actor):
        super().__init__(daemon=True)
        self.server, self.actor = server, actor
        self.stopped = threading.Event()
        self.failure = None
        self.statements = 0

    def run(self):
        sql = Sql(self.server)
        try:
            while not self.stopped.wait(self.actor.dice.uniform(0, 0.06)):  # the pace of this writer
                self.actor.step(sql)
                self.statements += 1
        except (OSError, http.client.HTTPException):
            pass  # the server was killed
        except Exception as error:  # noqa: BLE001 - reported by the test
            self.failure = error
        finally:
            sql.close()
