"""Polars on a table that PyIceberg found in the REST catalog; Polars chooses whose reader it takes."""
import polars
from protocol import serve
from pyiceberg.catalog import load_catalog


def open_reader(uri):
    catalog = load_catalog("weir", type="rest", uri=uri)

    def read(question):
        table = catalog.load_table((question["namespace"], question["table"]))
        return polars.scan_iceberg(table).select(question["columns"]).collect().to_arrow()

    return read


serve(open_reader)
