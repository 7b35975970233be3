"""Polars with its own reader of Iceberg; PyIceberg only finds the table."""
import polars
from protocol import serve
from pyiceberg.catalog import load_catalog


def open_reader(uri):
    catalog = load_catalog("weir", type="rest", uri=uri)

    def read(question):
        table = catalog.load_table((question["namespace"], question["table"]))
        frame = polars.scan_iceberg(table, reader_override="native").select(question["columns"]).collect()
        return frame.to_arrow()

    return read


serve(open_reader)
