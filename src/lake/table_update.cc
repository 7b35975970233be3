#include "lake/table_update.h"

#include <algorithm>

#include "lake/literal_text.h"
#include "lake/table_change.h"

namespace weir::iceberg {
namespace {

/// Whether partitions of a spec can be computed from rows of a schema; names do not count any more.
Status CheckReadable(const PartitionSpec& spec, const Schema& schema) {
  for (const PartitionField& field : spec.fields) {
    if (field.transform.kind == TransformKind::kVoid) continue;
    for (const int32_t id : field.source_ids) {
      const Field* source = schema.FindField(id);
      if (source == nullptr) {
        return RefuseUpdate(
            "cannot find source column for partition field: name={:.200} source_id={}", field.name,
            id);
      }
      if (field.source_ids.size() == 1) RETURN_IF_ERROR(field.transform.ResultType(source->type));
    }
  }
  return {};
}

}  // namespace

Status TableChange::operator()(const AssignUuid& update) {
  if (!UuidFromText(update.uuid)) return RefuseUpdate("not a uuid: uuid={:.200}", update.uuid);
  if (!table_.table_uuid.empty() && table_.table_uuid != update.uuid) {
    return RefuseUpdate("a table keeps its uuid: have={} got={}", table_.table_uuid, update.uuid);
  }
  table_.table_uuid = update.uuid;
  return {};
}

Status TableChange::operator()(const UpgradeFormatVersion& update) {
  const int version = update.format_version;
  if (version < 1 || version > kFormatVersionMax) {
    return RefuseUpdate("cannot upgrade table to unsupported format version: version={} max={}",
                        version, kFormatVersionMax);
  }
  // A table that does not exist yet has no version to keep.
  if (version < table_.format_version && !creating_) {
    return RefuseUpdate("cannot downgrade a table: from={} to={}", table_.format_version, version);
  }
  table_.format_version = version;
  return {};
}

Status TableChange::operator()(const SetLocation& update) {
  if (update.location.empty()) return RefuseUpdate("a location is empty");
  table_.location = update.location;
  return {};
}

Status TableChange::operator()(const SetProperties& update) {
  for (const auto& [key, value] : update.updates) table_.properties[key] = value;
  return {};
}

Status TableChange::operator()(const RemoveProperties& update) {
  for (const std::string& key : update.removals) table_.properties.erase(key);
  return {};
}

Status TableChange::operator()(const RemoveStatistics& update) {
  std::erase_if(table_.statistics,
                [&](const auto& file) { return file.snapshot_id == update.snapshot_id; });
  return {};
}

Status TableChange::operator()(const SetStatistics& update) {
  RETURN_IF_ERROR((*this)(RemoveStatistics{update.statistics.snapshot_id}));
  table_.statistics.push_back(update.statistics);
  return {};
}

Status TableChange::operator()(const RemovePartitionStatistics& update) {
  std::erase_if(table_.partition_statistics,
                [&](const auto& file) { return file.snapshot_id == update.snapshot_id; });
  return {};
}

Status TableChange::operator()(const SetPartitionStatistics& update) {
  RETURN_IF_ERROR((*this)(RemovePartitionStatistics{update.statistics.snapshot_id}));
  table_.partition_statistics.push_back(update.statistics);
  return {};
}

Status TableChange::operator()(const RemovePartitionSpecs& update) {
  const std::set<int32_t> ids(update.spec_ids.begin(), update.spec_ids.end());
  if (ids.contains(table_.default_spec_id))
    return RefuseUpdate("cannot remove the default partition spec");
  std::erase_if(table_.partition_specs,
                [&](const PartitionSpec& spec) { return ids.contains(spec.spec_id); });
  return {};
}

Status TableChange::operator()(const RemoveSchemas& update) {
  const std::set<int32_t> ids(update.schema_ids.begin(), update.schema_ids.end());
  if (ids.contains(table_.current_schema_id))
    return RefuseUpdate("cannot remove the current schema");
  std::erase_if(table_.schemas,
                [&](const Schema& schema) { return ids.contains(schema.schema_id()); });
  return {};
}

Status TableChange::operator()(const AddEncryptionKey& update) {
  const auto& keys = table_.encryption_keys;
  if (std::ranges::find(keys, update.key.key_id, &EncryptedKey::key_id) == keys.end()) {
    table_.encryption_keys.push_back(update.key);
  }
  return {};
}

Status TableChange::operator()(const RemoveEncryptionKey& update) {
  std::erase_if(table_.encryption_keys,
                [&](const EncryptedKey& key) { return key.key_id == update.key_id; });
  return {};
}

Result<TableMetadata> TableChange::Finish() {
  if (creating_ && table_.partition_specs.empty()) table_.partition_specs.emplace_back();
  if (creating_ && table_.sort_orders.empty()) table_.sort_orders.emplace_back();
  if (table_.table_uuid.empty()) table_.table_uuid = NewUuid();
  if (table_.location.empty()) return RefuseUpdate("a table has no location");
  const Schema* schema = table_.FindSchema(table_.current_schema_id);
  const PartitionSpec* spec = table_.FindSpec(table_.default_spec_id);
  const SortOrder* order = table_.FindSortOrder(table_.default_sort_order_id);
  if (schema == nullptr) return RefuseUpdate("a table has no current schema");
  if (spec == nullptr) return RefuseUpdate("a table has no default partition spec");
  if (order == nullptr) return RefuseUpdate("a table has no default sort order");
  RETURN_IF_ERROR(CheckReadable(*spec, *schema));
  RETURN_IF_ERROR(CheckSortOrder(*order, *schema));
  if (removed_ || !added_.empty()) CutSnapshotLog();
  table_.last_updated_ms = now_ms_;
  if (!table_.snapshot_log.empty()) {
    table_.last_updated_ms = std::max(now_ms_, table_.snapshot_log.back().timestamp_ms);
  }
  return std::move(table_);
}

Result<TableMetadata> ApplyUpdates(const TableMetadata& base, std::span<const TableUpdate> updates,
                                   int64_t now_ms) {
  if (updates.empty() && !base.schemas.empty()) return base;
  TableChange change(base, now_ms);
  for (const TableUpdate& update : updates) RETURN_IF_ERROR(std::visit(change, update));
  return change.Finish();
}

}  // namespace weir::iceberg
