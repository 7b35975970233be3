"""ClickHouse, as chdb, on the table's files."""
import io
import os

import pyarrow as pa
from protocol import serve

os.chdir("/")  # chdb reads local tables only below the folder it was started in
import chdb  # noqa: E402


def typed(table, question):
    """ClickHouse has one type for text and bytes, and every point in time has a zone: the question tells them apart."""
    for i, field in enumerate(table.schema):
        kind = restored(field.type, field.name in question["bytes"])
        if field.name in question["zoneless"]:
            kind = pa.timestamp("us")
        table = table.set_column(i, field.name, table[i].cast(kind))
    return table


def restored(kind, is_bytes):
    if pa.types.is_map(kind):
        return pa.map_(restored(kind.key_type, is_bytes), restored(kind.item_type, is_bytes))
    if pa.types.is_list(kind):
        return pa.list_(restored(kind.value_type, is_bytes))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(restored(field.type, is_bytes)) for field in kind])
    return pa.string() if pa.types.is_binary(kind) and not is_bytes else kind


def open_reader(uri):
    def read(question):
        columns = ", ".join(f"`{name}`" for name in question["columns"])
        folder, metadata = question["metadata"].split("/metadata/", 1)
        answer = chdb.query(
            f"SELECT {columns} FROM icebergLocal('{folder.removeprefix('file://')}', "
            f"SETTINGS iceberg_metadata_file_path = 'metadata/{metadata}') "
            "SETTINGS session_timezone = 'UTC', output_format_arrow_string_as_string = 0", "ArrowStream")
        return typed(pa.ipc.open_stream(io.BytesIO(answer.bytes())).read_all(), question)

    return read


serve(open_reader)
