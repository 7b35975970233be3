"""Polars with its own reader of Iceberg, on the table's metadata file."""
import polars
from protocol import serve


def open_reader(uri):
    def read(question):
        frame = polars.scan_iceberg(question["metadata"], reader_override="native")
        return frame.select(question["columns"]).collect().to_arrow()

    return read


serve(open_reader)
