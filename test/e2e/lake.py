"""The lake of a server as PyIceberg sees it, through the catalog that the server itself serves."""
import time

from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NoSuchTableError

SYSTEM_COLUMNS = ["__bucket", "__offset", "__timestamp"]
PATIENCE_SECONDS = 30


def lake_catalog(server, **properties):
    return load_catalog("weir", type="rest", uri=f"http://{server.http}/api/catalog", **properties)


def committed(table):
    """Snapshots that tiering committed, oldest first. (A catalog that is live may show one more.)"""
    return [snapshot for snapshot in table.snapshots()
            if snapshot.summary and snapshot.summary.additional_properties.get("commit-user") == "__fluss_lake_tiering"]


def rows_of(table, *, snapshot_id=None):
    """The user's columns of all live rows, as dicts."""
    data = table.scan(snapshot_id=snapshot_id).to_arrow()
    return data.drop_columns([c for c in SYSTEM_COLUMNS if c in data.column_names]).to_pylist()


def wait_for(look, wanted, seconds_max=PATIENCE_SECONDS):
    """Call `look` until it returns `wanted`; the last answer is in the failure."""
    deadline = time.monotonic() + seconds_max
    while True:
        try:
            found = look()
        except NoSuchTableError as missing:
            found = missing
        if found == wanted:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {seconds_max} s: found {str(found)[:2000]} wanted {str(wanted)[:2000]}")
        time.sleep(0.05)
