"""What every reader of the interop matrix has in common: questions on standard input, answers on standard output.

A question is a line of JSON: {"namespace": …, "table": …, "metadata": location of the metadata file, "columns": [names],
"bytes": [names of binary columns], "zoneless": [names of timestamps without a zone]}; the answer is {"rows": [[…]]} in a
form that is equal when the values are, or {"error": text}.
"""
import datetime as dt
import json
import os
import sys
import traceback
from decimal import Decimal

import pyarrow as pa


def plain(value, kind):
    """A value of an Arrow column as JSON that does not depend on how an engine spells the type."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        entries = value.items() if isinstance(value, dict) else value
        return sorted([plain(k, kind.key_type), plain(v, kind.item_type)] for k, v in entries)
    if pa.types.is_struct(kind):
        return [plain(value[field.name], field.type) for field in kind]
    if pa.types.is_nested(kind):
        return [plain(item, kind.value_type) for item in value]
    if pa.types.is_dictionary(kind):
        return plain(value, kind.value_type)
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


def rows_of(table):
    """Rows of an Arrow table, in an order that depends on nothing but the values."""
    table = table.cast(pa.schema([pa.field(f.name, in_microseconds(f.type)) for f in table.schema]))
    columns = [[plain(value, field.type) for value in table[i].to_pylist()] for i, field in enumerate(table.schema)]
    return sorted((list(row) for row in zip(*columns)), key=lambda row: json.dumps(row))


def in_microseconds(kind):
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_time(kind):
        return pa.time64("us")
    return kind


def serve(open_reader):
    """Answer questions until the input ends. `open_reader(catalog_uri)` returns a function question -> Arrow table."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not stand between the answers
    read = open_reader(sys.argv[1])
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = {"rows": rows_of(read(json.loads(line)))}
        except BaseException as failed:
            answer = {"error": f"{type(failed).__name__}: {failed}"[:3000]}
            traceback.print_exc()
        print(json.dumps(answer), file=answers, flush=True)
