"""kill -9 in a loop while tables of every kind are tiered and tidied: the lake ends up with every acknowledged row once
and with no file that nothing leads to.

Most kills come at a moment of a commit: a data file, a manifest, the covered offsets or new metadata appear, the meta
store writes, an old file goes. WEIR_CRASH_LAKE_KILLS says how often, WEIR_CRASH_SEED how the dice fall.
"""
import collections
import json
import os
import pathlib
import random
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from lake import lake_catalog, wait_for  # noqa: E402
from lake_actors import DATABASE, Actor, Driver, Sql  # noqa: E402
from lake_files import files_on_disk, orphans  # noqa: E402
from moments import CREATE, DELETE, MODIFY, MOVED_TO, Watch  # noqa: E402
from verify import assert_clean  # noqa: E402
from weir_server import WeirServer  # noqa: E402

KILLS = int(os.environ.get("WEIR_CRASH_LAKE_KILLS", "100"))
SEED = int(os.environ.get("WEIR_CRASH_SEED", "1"))
#: A failed round is repeated at once; maintenance always finds something to do.
EAGER = {"lake.tiering.backoff-min": "10ms", "lake.maintenance.interval": "100ms", "lake.maintenance.small-files": "3",
         "lake.maintenance.snapshot-age": "3s", "lake.maintenance.reader-grace": "3s", "lake.maintenance.purge-delay": "1s",
         "lake.maintenance.orphan-age": "30s"}
MOMENTS = ("data", "manifest", "offsets", "metadata", "commit", "delete", "any time")
SETTLE_SECONDS_MAX = 60


def options(**more):
    return [f"--set={key}={value}" for key, value in {**EAGER, **more}.items()]


def actors(dice):
    def actor(name, **how):
        return Actor(name, random.Random(dice.random()), **how)
    return [actor("log", live="load"), actor("log_by_p", partitioned=True, live="plan"),
            actor("position", mode="position", live="load"), actor("vector", mode="deletion-vector"),
            actor("copied", mode="copy-on-write"), actor("keyed_by_p", mode="position", partitioned=True),
            actor("again", recreated=True), actor("keyed_again", mode="deletion-vector", recreated=True)]


class Moment:
    """Says of each event whether the moment has come."""

    def __init__(self, kind, skipped):
        self.kind, self.skipped = kind, skipped
        self.metadata_written = False

    def has_come(self, mask, name):
        self.skipped -= self.is_one(mask, name)
        return self.skipped < 0

    def is_one(self, mask, name):
        appears = bool(mask & (CREATE | MOVED_TO))
        if self.kind == "commit":  # the meta store writes after the metadata file is there
            self.metadata_written |= appears and name.endswith(".metadata.json")
            return self.metadata_written and bool(mask & MODIFY) and name.startswith("meta-")
        if self.kind == "delete":
            return bool(mask & DELETE) and not name.endswith(".tmp")
        ending = {"data": ".parquet", "manifest": ".avro", "offsets": ".offsets", "metadata": ".metadata.json"}
        return appears and ending.get(self.kind, "\n") in name


class Rig:
    def __init__(self, tmp_path, dice):
        self.dice = dice
        self.server = WeirServer.start(tmp_path / "data", options())
        self.warehouse = tmp_path / "data/lake"
        sql = Sql(self.server)
        sql.run(f"CREATE DATABASE {DATABASE}")
        sql.close()
        self.actors = actors(dice)
        self.statements = 0
        self.moments = collections.Counter()

    def look_live(self):
        """Have the catalog make the files of live states."""
        for actor in self.actors:
            if actor.live == "load":
                url = f"http://{self.server.http}/api/catalog/v1/namespaces/{DATABASE}/tables/{actor.name}"
                try:
                    json.load(urllib.request.urlopen(url, timeout=30))
                except urllib.error.HTTPError as missing:
                    assert missing.code == 404, missing.read()

    def load_and_kill(self):
        """Let everybody write, and kill the server at a moment that the dice choose."""
        drivers = [Driver(self.server, actor) for actor in self.actors]
        kind = self.dice.choice(MOMENTS)
        moment = Moment(kind, self.dice.randrange(4))
        watch = Watch(self.warehouse, self.server.data_dir / "meta")
        for driver in drivers:
            driver.start()
        if self.dice.random() < 0.3:
            self.look_live()
        if not any(moment.has_come(*event) for event in watch.events(self.dice.uniform(0.2, 1.2))):
            kind = "any time"
        elif self.dice.random() < 0.5:
            time.sleep(self.dice.uniform(0, 0.004))
        self.server.kill()
        self.moments[kind] += 1
        watch.close()
        self.join(drivers)

    def join(self, drivers):
        for driver in drivers:
            driver.stopped.set()
        for driver in drivers:
            driver.join(60)
            assert not driver.is_alive(), "a statement was never answered nor its connection closed"
            if driver.failure:
                raise driver.failure
            self.statements += driver.statements

    def settle(self):
        sql = Sql(self.server)
        for actor in self.actors:
            actor.settle(sql)
        sql.close()

    def check_lake(self):
        """PyIceberg finds what was acknowledged, `weir verify` finds nothing."""
        catalog = lake_catalog(self.server)
        for actor in self.actors:
            if actor.made:
                wait_for(lambda actor=actor: self.lake_has(catalog, actor), True, SETTLE_SECONDS_MAX)
                assert_clean(f"{DATABASE}.{actor.name}", self.server)

    @staticmethod
    def lake_has(catalog, actor):
        try:
            rows = catalog.load_table((DATABASE, actor.name)).scan().to_arrow().to_pylist()
        except FileNotFoundError:  # expired while it was read
            return False
        return actor.is_explained_by([actor.widened({name: value for name, value in row.items()
                                                     if not name.startswith("__")}) for row in rows])

    def check_orphans(self):
        catalog = lake_catalog(self.server)
        wait_for(lambda: orphans(catalog, lambda: files_on_disk(self.warehouse)), set(), SETTLE_SECONDS_MAX)


def test_kill_9_in_a_loop(tmp_path):
    dice = random.Random(SEED)
    rig = Rig(tmp_path, dice)
    server = rig.server
    kills = 0
    try:
        while kills < KILLS:
            rig.load_and_kill()
            kills += 1
            while dice.random() < 0.1:
                server.launch(wait=False)
                time.sleep(dice.uniform(0, 0.05))  # into the recovery
                server.kill()
                rig.moments["start"] += 1
                kills += 1
            server.launch()
        rig.settle()
        rig.check_lake()
        assert server.stop() == 0
        # Nobody writes any more, so that nothing young is anybody's work under way.
        server.options = options(**{"lake.maintenance.orphan-age": "1s"})
        server.launch()
        rig.check_orphans()
        rig.check_lake()
    except BaseException:
        print(f"seed {SEED}, after {kills} kills and {rig.statements} statements\n{server.log_tail(200)}")
        raise
    finally:
        server.kill()
    said = server.log_path.read_text(errors="replace")
    given_up, compacted = said.count("files of a round that did not commit are gone"), said.count(" compacted: ")
    print(f"{kills} kills {dict(rig.moments)}, {rig.statements} statements, {given_up} rounds cut off, {compacted} compactions")
    assert rig.statements > kills and given_up > KILLS // 20 and compacted > KILLS // 20, "the test saw nothing"
