"""Writes pyiceberg_vectors.json: what PyIceberg makes of values, transforms, metadata and updates.

    .deps/venv/bin/python test/wire/iceberg/pyiceberg_vectors.py

Read by src/lake/*_test.cc. Made with pyiceberg 0.12.0; run it again only to add cases.
"""

import json
import pathlib
import uuid
from decimal import Decimal

from pyiceberg import conversions, transforms
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import update
from pyiceberg.table.metadata import TableMetadataUtil, new_table_metadata
from pyiceberg.table.refs import SnapshotRef
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.table.statistics import BlobMetadata, PartitionStatisticsFile, StatisticsFile
from pyiceberg.typedef import IcebergBaseModel
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

UUID = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")

# Of each type: values in PyIceberg's own representation, as its writers have them.
VALUES = {
    BooleanType(): [True, False],
    IntegerType(): [0, 1, -1, 34, 2**31 - 1, -(2**31)],
    LongType(): [0, 1, -1, 34, 2**63 - 1, -(2**63)],
    FloatType(): [1.0, -4.5, 0.0],
    DoubleType(): [1.0, 6.25, -0.5, 1e300],
    DateType(): [0, 1, -1, -366, 17486, 2932896],
    TimeType(): [0, 81068000000, 86399999999],
    TimestampType(): [0, 1, -1, 1510871468000001, -62135596800000000],
    TimestamptzType(): [0, 1, -1, 1510871468000001],
    StringType(): ["", "iceberg", "größe", "日本語のテキスト", "a" * 40],
    UUIDType(): [UUID.bytes],
    FixedType(4): [b"\x00\x01\x02\x03", b"\xff\xff\xff\xff"],
    BinaryType(): [b"\x00", b"\x00\x01\x02\x03", b"\xfe\xff"],
    DecimalType(9, 2): [Decimal("14.20"), Decimal("-14.20"), Decimal("0.00"), Decimal("1.28"), Decimal("-1.28")],
    DecimalType(38, 10): [Decimal("1234567890123456789012345678.0123456789"), Decimal("-0.0000000001")],
}

TRANSFORMS = [
    transforms.IdentityTransform(),
    transforms.BucketTransform(16),
    transforms.BucketTransform(2**31 - 1),
    transforms.TruncateTransform(1),
    transforms.TruncateTransform(10),
    transforms.YearTransform(),
    transforms.MonthTransform(),
    transforms.DayTransform(),
    transforms.HourTransform(),
    transforms.VoidTransform(),
]


def to_hex(kind, value):
    if isinstance(kind, UUIDType):
        value = uuid.UUID(bytes=value)
    return conversions.to_bytes(kind, value).hex()


def single_values():
    return [
        {"type": str(kind), "json": json_value(kind, value), "hex": to_hex(kind, value)}
        for kind, values in VALUES.items()
        for value in values
    ]


def json_value(kind, value):
    if isinstance(kind, (UUIDType,)):
        return str(uuid.UUID(bytes=value))
    return conversions.to_json(kind, value)


def transformed():
    out = []
    for transform in TRANSFORMS:
        for kind, values in VALUES.items():
            if not transform.can_transform(kind):
                continue
            result = transform.result_type(kind)
            for value in values:
                got = transform.transform(kind)(value)
                if isinstance(got, int) and not -(2**63) <= got < 2**63 or isinstance(kind, IntegerType) and got is not None and got < -(2**31):
                    continue  # Python's numbers do not wrap around as Java's do
                text = None if got is None else json_value(result, got)
                path = transform.to_human_string(result if isinstance(transform, transforms.TruncateTransform) else kind, got)
                out.append(
                    {"transform": str(transform), "type": str(kind), "value": json_value(kind, value), "result": text, "path": path}
                )
    return out


SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True, doc="the key"),
    NestedField(2, "ts", TimestamptzType(), required=False),
    NestedField(3, "name", StringType(), required=False),
    NestedField(
        4,
        "address",
        StructType(NestedField(5, "city", StringType(), required=True), NestedField(6, "zip", IntegerType(), required=False)),
        required=False,
    ),
    NestedField(7, "tags", ListType(8, StringType(), element_required=True), required=False),
    NestedField(9, "scores", MapType(10, StringType(), 11, DecimalType(9, 2), value_required=False), required=False),
    NestedField(12, "raw", FixedType(16), required=False),
    schema_id=0,
    identifier_field_ids=[1],
)
SPEC = PartitionSpec(
    PartitionField(2, 1000, transforms.DayTransform(), "ts_day"),
    PartitionField(1, 1001, transforms.BucketTransform(16), "id_bucket"),
    spec_id=0,
)
ORDER = SortOrder(
    SortField(1, transforms.IdentityTransform(), SortDirection.ASC, NullOrder.NULLS_FIRST),
    SortField(3, transforms.TruncateTransform(4), SortDirection.DESC, NullOrder.NULLS_LAST),
    order_id=1,
)


def dump(model):
    # The metadata class of version 3 refuses to be written; its base class does the same work.
    return json.loads(IcebergBaseModel.model_dump_json(model, by_alias=True, exclude_none=True))


def new_table(version):
    metadata = new_table_metadata(
        SCHEMA, SPEC, ORDER, "s3://bucket/table", {"format-version": str(version), "owner": "anna"}, table_uuid=UUID
    )
    return metadata.model_copy(update={"last_updated_ms": 1700000000000, **({"next_row_id": 0} if version >= 3 else {})})


def snapshot(number, parent, version, operation=Operation.APPEND):
    rows = {"first-row-id": (number - 1) * 10, "added-rows": 10} if version >= 3 else {}
    return Snapshot(
        **{
            "snapshot-id": 100 + number,
            "parent-snapshot-id": parent,
            "sequence-number": number,
            "timestamp-ms": 1700000000000 + number * 1000,
            "manifest-list": f"s3://bucket/table/metadata/snap-{number}.avro",
            "summary": Summary(operation, **{"added-records": "10"}),
            "schema-id": 0,
            **rows,
        }
    )


def branch(snapshot_id):
    return dict(ref_name="main", type="branch", snapshot_id=snapshot_id)


def cases():
    """Lists of updates by name; each begins with what the case before it left, in every version."""
    two = Schema(*SCHEMA.fields, NestedField(13, "extra", DoubleType(), required=False), identifier_field_ids=[1], schema_id=1)
    spec = PartitionSpec(PartitionField(3, 1002, transforms.TruncateTransform(2), "name_trunc"), spec_id=1)
    order = SortOrder(SortField(2, transforms.IdentityTransform()), order_id=2)
    yield "properties", [
        update.SetPropertiesUpdate(updates={"a": "1", "b": "2"}),
        update.RemovePropertiesUpdate(removals=["b"]),
    ]
    yield "first snapshot", [lambda v: update.AddSnapshotUpdate(snapshot=snapshot(1, None, v)), update.SetSnapshotRefUpdate(**branch(101))]
    yield "schema", [update.AddSchemaUpdate(schema_=two), update.SetCurrentSchemaUpdate(schema_id=-1)]
    yield "spec", [update.AddPartitionSpecUpdate(spec=spec), update.SetDefaultSpecUpdate(spec_id=-1)]
    yield "order", [update.AddSortOrderUpdate(sort_order=order), update.SetDefaultSortOrderUpdate(sort_order_id=-1)]
    yield "two snapshots", [
        lambda v: update.AddSnapshotUpdate(snapshot=snapshot(2, 101, v)),
        update.SetSnapshotRefUpdate(**branch(102)),
    ]
    yield "tag", [update.SetSnapshotRefUpdate(ref_name="old", type="tag", snapshot_id=101, max_ref_age_ms=5)]
    yield "third snapshot", [
        lambda v: update.AddSnapshotUpdate(snapshot=snapshot(3, 102, v, Operation.OVERWRITE)),
        update.SetSnapshotRefUpdate(**branch(103)),
    ]
    yield "statistics", [
        update.SetStatisticsUpdate(
            statistics=StatisticsFile(
                **{
                    "snapshot-id": 103,
                    "statistics-path": "s3://bucket/table/metadata/stats.puffin",
                    "file-size-in-bytes": 300,
                    "file-footer-size-in-bytes": 40,
                    "blob-metadata": [
                        BlobMetadata(
                            **{"type": "apache-datasketches-theta-v1", "snapshot-id": 103, "sequence-number": 3, "fields": [1]}
                        )
                    ],
                }
            )
        ),
        update.SetPartitionStatisticsUpdate(
            partition_statistics=PartitionStatisticsFile(
                **{"snapshot-id": 103, "statistics-path": "s3://bucket/table/metadata/p.parquet", "file-size-in-bytes": 30}
            )
        ),
    ]
    yield "expire", [update.RemoveSnapshotsUpdate(snapshot_ids=[102])]
    yield "tag gone", [update.RemoveSnapshotRefUpdate(ref_name="old")]


def updates():
    out = []
    for version in (2, 3):
        table = new_table(version)
        for name, changes in cases():
            changes = tuple(change(version) if callable(change) else change for change in changes)
            after = update.update_table_metadata(table, changes)
            out.append(
                {
                    "case": f"v{version}: {name}",
                    "base": dump(table),
                    "updates": [dump(change) for change in changes],
                    "after": dump(after),
                }
            )
            table = after
    return out


def main():
    vectors = {
        "single_values": single_values(),
        "transforms": transformed(),
        "documents": [dump(new_table(version)) for version in (1, 2, 3)],
        "updates": updates(),
    }
    for case in vectors["updates"]:
        TableMetadataUtil.parse_obj(case["after"])
    path = pathlib.Path(__file__).with_name("pyiceberg_vectors.json")
    path.write_text(json.dumps(vectors, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
