"""Rows in a form that is equal when their values are, whoever answered them."""
import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa


def plain(value, kind):
    """A value as written, or as Flink answers it, in one form."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        entries = value.items() if isinstance(value, dict) else value
        return sorted([plain(k, kind.key_type), plain(v, kind.item_type)] for k, v in entries)
    if pa.types.is_struct(kind):
        values = [value[field.name] for field in kind] if isinstance(value, dict) else value
        return [plain(v, field.type) for v, field in zip(values, kind)]
    if pa.types.is_nested(kind):
        return [plain(item, kind.value_type) for item in value]
    if pa.types.is_float32(kind):
        return pa.scalar(value, pa.float32()).as_py()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value).isoformat()
    if isinstance(value, str) and pa.types.is_time(kind):
        return dt.time.fromisoformat(value).isoformat()
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value


def wanted(rows, schema, columns=None):
    fields = [field for field in schema if columns is None or field.name in columns]
    return in_order([plain(row[field.name], field.type) for field in fields] for row in rows)


def found(rows, schema, columns=None):
    fields = [field for field in schema if columns is None or field.name in columns]
    return in_order([plain(value, field.type) for value, field in zip(row, fields)] for row in rows)


def in_order(rows):
    return sorted((list(row) for row in rows), key=lambda row: json.dumps(row))
