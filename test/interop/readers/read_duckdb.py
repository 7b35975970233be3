"""DuckDB's iceberg extension through the REST catalog."""
import importlib
import pathlib

import duckdb
from protocol import serve


def load(connection, name):
    package = pathlib.Path(importlib.import_module(f"duckdb_extension_{name}").__file__).parent
    connection.execute(f"LOAD '{next(package.glob('extensions/*/*.duckdb_extension'))}'")


def open_reader(uri):
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    for name in ("avro", "iceberg"):
        load(connection, name)

    def read(question):
        columns = ", ".join(f'"{name}"' for name in question["columns"])
        return connection.execute(f"SELECT {columns} FROM iceberg_scan('{question['metadata']}')").to_arrow_table()

    return read


serve(open_reader)
