#include <algorithm>
#include <functional>
#include <set>

#include "lake/gunzip.h"
#include "lake/json_fields.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

json::array SnapshotLogToJson(const std::vector<SnapshotLogEntry>& log) {
  json::array out;
  for (const SnapshotLogEntry& entry : log) {
    out.push_back(
        json::object{{"timestamp-ms", entry.timestamp_ms}, {"snapshot-id", entry.snapshot_id}});
  }
  return out;
}

json::array MetadataLogToJson(const std::vector<MetadataLogEntry>& log) {
  json::array out;
  for (const MetadataLogEntry& entry : log) {
    out.push_back(
        json::object{{"timestamp-ms", entry.timestamp_ms}, {"metadata-file", entry.metadata_file}});
  }
  return out;
}

void PutSnapshots(const TableMetadata& metadata, json::object& out) {
  out["current-snapshot-id"] =
      metadata.current_snapshot_id ? json::value(*metadata.current_snapshot_id) : json::value(-1);
  json::object refs;
  for (const auto& [name, ref] : metadata.refs) refs[name] = ToJson(ref);
  out["refs"] = std::move(refs);
  out["snapshots"] = ArrayToJson(metadata.snapshots);
  out["statistics"] = ArrayToJson(metadata.statistics);
  out["partition-statistics"] = ArrayToJson(metadata.partition_statistics);
  out["snapshot-log"] = SnapshotLogToJson(metadata.snapshot_log);
  out["metadata-log"] = MetadataLogToJson(metadata.metadata_log);
}

template <class T, class F>
auto Into(std::vector<T>& list, F read) {
  return [&list, read](const json::value& value) -> Status {
    ASSIGN_OR_RETURN(T item, read(value));
    list.push_back(std::move(item));
    return {};
  };
}

Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const json::value& value) {
  SnapshotLogEntry entry;
  JsonFields in(value, "the snapshot log");
  in.Need("timestamp-ms", entry.timestamp_ms);
  in.Need("snapshot-id", entry.snapshot_id);
  RETURN_IF_ERROR(in.status());
  return entry;
}

Result<MetadataLogEntry> MetadataLogEntryFromJson(const json::value& value) {
  MetadataLogEntry entry;
  JsonFields in(value, "the metadata log");
  in.Need("timestamp-ms", entry.timestamp_ms);
  in.Need("metadata-file", entry.metadata_file);
  RETURN_IF_ERROR(in.status());
  return entry;
}

/// Version 1 grew most members over time; the later ones have them from the start.
void NeedKeys(JsonFields& in, const TableMetadata& out) {
  constexpr std::string_view kSinceTwo[] = {
      "table-uuid",      "last-sequence-number", "schemas",
      "partition-specs", "current-schema-id",    "default-spec-id",
      "sort-orders",     "last-partition-id",    "default-sort-order-id"};
  if (out.format_version < 2) return;
  for (const std::string_view key : kSinceTwo) {
    if (in.Find(key) == nullptr) in.Wrong(key, "is missing");
  }
  if (out.format_version >= 3 && in.Find("next-row-id") == nullptr) {
    in.Wrong("next-row-id", "is missing");
  }
}

/// Version 1 may have one schema, one spec and no order.
Status ReadLayout(JsonFields& in, TableMetadata& out) {
  in.GetEach("schemas", Into(out.schemas, &SchemaFromJson));
  in.Get("current-schema-id", out.current_schema_id);
  in.GetEach("partition-specs", Into(out.partition_specs, &PartitionSpecFromJson));
  in.Get("default-spec-id", out.default_spec_id);
  in.GetEach("sort-orders", Into(out.sort_orders, &SortOrderFromJson));
  in.Get("default-sort-order-id", out.default_sort_order_id);
  RETURN_IF_ERROR(in.status());
  if (const json::value* schema = in.Find("schema"); schema != nullptr && out.schemas.empty()) {
    ASSIGN_OR_RETURN(out.schemas.emplace_back(), SchemaFromJson(*schema));
    out.current_schema_id = out.schemas.front().schema_id();
  }
  if (const json::value* fields = in.Find("partition-spec");
      fields != nullptr && out.partition_specs.empty()) {
    ASSIGN_OR_RETURN(out.partition_specs.emplace_back(), PartitionSpecFromFieldsJson(0, *fields));
    out.default_spec_id = 0;
  }
  if (out.sort_orders.empty() && out.format_version == 1) out.sort_orders.emplace_back();
  for (PartitionSpec& spec : out.partition_specs) {
    int32_t next = kPartitionFieldIdFirst;
    for (PartitionField& field : spec.fields) {
      if (field.field_id == 0) field.field_id = next;
      if (field.field_id == INT32_MAX) in.Wrong("field-id", "leaves no numbers for others");
      RETURN_IF_ERROR(in.status());
      next = field.field_id + 1;
    }
    out.last_partition_id = std::max(out.last_partition_id, spec.HighestFieldId());
  }
  in.Get("last-partition-id", out.last_partition_id);
  return in.status();
}

Status ReadSnapshots(JsonFields& in, TableMetadata& out) {
  in.Get("current-snapshot-id", out.current_snapshot_id);
  if (out.current_snapshot_id == -1) out.current_snapshot_id.reset();
  in.GetEach("snapshots", Into(out.snapshots, &SnapshotFromJson));
  in.GetEach("snapshot-log", Into(out.snapshot_log, &SnapshotLogEntryFromJson));
  in.GetEach("metadata-log", Into(out.metadata_log, &MetadataLogEntryFromJson));
  in.GetEach("statistics", Into(out.statistics, &StatisticsFileFromJson));
  in.GetEach("partition-statistics",
             Into(out.partition_statistics, &PartitionStatisticsFileFromJson));
  in.GetEach("encryption-keys", Into(out.encryption_keys, &EncryptedKeyFromJson));
  RETURN_IF_ERROR(in.status());
  if (const json::value* refs = in.Find("refs")) {
    if (!refs->is_object()) in.Wrong("refs", "is not an object");
    RETURN_IF_ERROR(in.status());
    for (const auto& [name, ref] : refs->get_object()) {
      ASSIGN_OR_RETURN(out.refs[std::string(name)], SnapshotRefFromJson(ref));
    }
  }
  if (out.current_snapshot_id && !out.refs.contains(kMainBranch))
    out.refs[std::string(kMainBranch)] = {.snapshot_id = *out.current_snapshot_id};
  return {};
}

template <class List, class Id>
Status CheckUnique(std::string_view what, const List& list, Id id) {
  std::set<int64_t> seen;
  for (const auto& item : list) {
    if (!seen.insert(std::invoke(id, item)).second) {
      return Fail(ErrorCode::kInvalidTable, "table metadata has two of one id: {}={}", what,
                  std::invoke(id, item));
    }
  }
  return {};
}

Status CheckIds(const TableMetadata& metadata) {
  RETURN_IF_ERROR(CheckUnique("schema-id", metadata.schemas, &Schema::schema_id));
  RETURN_IF_ERROR(CheckUnique("spec-id", metadata.partition_specs, &PartitionSpec::spec_id));
  RETURN_IF_ERROR(CheckUnique("order-id", metadata.sort_orders, &SortOrder::order_id));
  RETURN_IF_ERROR(CheckUnique("snapshot-id", metadata.snapshots, &Snapshot::snapshot_id));
  const auto missing = [](std::string_view what, int64_t id) {
    return Fail(ErrorCode::kInvalidTable, "table metadata names what it does not have: {}={}", what,
                id);
  };
  if (metadata.FindSchema(metadata.current_schema_id) == nullptr)
    return missing("current-schema-id", metadata.current_schema_id);
  if (metadata.FindSpec(metadata.default_spec_id) == nullptr)
    return missing("default-spec-id", metadata.default_spec_id);
  if (metadata.FindSortOrder(metadata.default_sort_order_id) == nullptr)
    return missing("default-sort-order-id", metadata.default_sort_order_id);
  if (metadata.current_snapshot_id && metadata.current_snapshot() == nullptr)
    return missing("current-snapshot-id", *metadata.current_snapshot_id);
  for (const auto& [name, ref] : metadata.refs) {
    if (metadata.FindSnapshot(ref.snapshot_id) == nullptr)
      return missing("refs." + name, ref.snapshot_id);
  }
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (metadata.format_version > 1 && snapshot.sequence_number > metadata.last_sequence_number) {
      return Fail(ErrorCode::kInvalidTable,
                  "a snapshot is newer than the last sequence number: id={}", snapshot.snapshot_id);
    }
  }
  const auto main = metadata.refs.find(kMainBranch);
  if (main != metadata.refs.end() && metadata.current_snapshot_id != main->second.snapshot_id) {
    return Fail(ErrorCode::kInvalidTable, "the main branch is not the current snapshot: main={}",
                main->second.snapshot_id);
  }
  return {};
}

}  // namespace

json::object ToJson(const EncryptedKey& key) {
  json::object out{{"key-id", key.key_id}, {"encrypted-key-metadata", key.encrypted_key_metadata}};
  if (key.encrypted_by_id) out["encrypted-by-id"] = *key.encrypted_by_id;
  if (!key.properties.empty()) out["properties"] = MapToJson(key.properties);
  return out;
}

Result<EncryptedKey> EncryptedKeyFromJson(const json::value& value) {
  EncryptedKey key;
  JsonFields in(value, "an encryption key");
  in.Need("key-id", key.key_id);
  in.Need("encrypted-key-metadata", key.encrypted_key_metadata);
  in.Get("encrypted-by-id", key.encrypted_by_id);
  in.Get("properties", key.properties);
  RETURN_IF_ERROR(in.status());
  return key;
}

json::object ToJson(const TableMetadata& metadata) {
  json::object out{{"format-version", metadata.format_version},
                   {"table-uuid", metadata.table_uuid},
                   {"location", metadata.location},
                   {"last-updated-ms", metadata.last_updated_ms},
                   {"last-column-id", metadata.last_column_id},
                   {"current-schema-id", metadata.current_schema_id},
                   {"schemas", ArrayToJson(metadata.schemas)},
                   {"default-spec-id", metadata.default_spec_id},
                   {"partition-specs", ArrayToJson(metadata.partition_specs)},
                   {"last-partition-id", metadata.last_partition_id},
                   {"default-sort-order-id", metadata.default_sort_order_id},
                   {"sort-orders", ArrayToJson(metadata.sort_orders)},
                   {"properties", MapToJson(metadata.properties)}};
  if (metadata.format_version > 1) out["last-sequence-number"] = metadata.last_sequence_number;
  if (metadata.format_version == 1) {
    out["schema"] = ToJson(metadata.current_schema());
    out["partition-spec"] = FieldsToJson(metadata.default_spec());
  }
  if (metadata.format_version >= 3) out["next-row-id"] = metadata.next_row_id;
  if (!metadata.encryption_keys.empty())
    out["encryption-keys"] = ArrayToJson(metadata.encryption_keys);
  PutSnapshots(metadata, out);
  return out;
}

std::string ToJsonText(const TableMetadata& metadata) { return json::serialize(ToJson(metadata)); }

Result<TableMetadata> TableMetadataFromJson(const json::value& value) {
  TableMetadata out;
  JsonFields in(value, "table metadata");
  in.Need("format-version", out.format_version);
  RETURN_IF_ERROR(in.status());
  if (out.format_version < 1 || out.format_version > kFormatVersionMax)
    return Fail(ErrorCode::kUnsupportedVersion, "table metadata of format version {}: max={}",
                out.format_version, kFormatVersionMax);
  in.Get("table-uuid", out.table_uuid);
  in.Need("location", out.location);
  in.Get("last-sequence-number", out.last_sequence_number);
  in.Need("last-updated-ms", out.last_updated_ms);
  in.Need("last-column-id", out.last_column_id);
  in.Get("properties", out.properties);
  in.Get("next-row-id", out.next_row_id);
  if (out.next_row_id < 0) in.Wrong("next-row-id", "is negative");
  if (out.last_sequence_number < 0) in.Wrong("last-sequence-number", "is negative");
  NeedKeys(in, out);
  RETURN_IF_ERROR(ReadLayout(in, out));
  RETURN_IF_ERROR(ReadSnapshots(in, out));
  RETURN_IF_ERROR(CheckIds(out));
  return out;
}

Result<TableMetadata> TableMetadataFromJsonText(BytesView text) {
  ASSIGN_OR_RETURN(const json::value value, ParseMaybeGzippedJson(text, kMetadataBytesMax));
  return TableMetadataFromJson(value);
}

}  // namespace weir::iceberg
