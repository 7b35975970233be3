"""Weir's own SQL: the table with its hot tail, and with $lake only what is in the lake."""
import sys
import urllib.request

import pyarrow as pa
from protocol import serve


def open_reader(uri):
    suffix = "$lake" if "--lake" in sys.argv else ""
    url = uri.split("/api/")[0] + "/v1/sql"

    def read(question):
        columns = ", ".join(f"`{name}`" for name in question["columns"])
        sql = f"SELECT {columns} FROM `{question['namespace']}`.`{question['table']}{suffix}`"
        request = urllib.request.Request(url, sql.encode(), {"Accept": "application/vnd.apache.arrow.stream"})
        with urllib.request.urlopen(request) as answer:
            return pa.ipc.open_stream(answer).read_all()

    return read


serve(open_reader)
