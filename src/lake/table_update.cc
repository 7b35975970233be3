#include "lake/table_update.h"

#include <algorithm>
#include <set>

#include "lake/literal_text.h"

namespace weir::iceberg {
namespace {

template <class... A>
Failure Refuse(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kInvalidTable, message, std::forward<A>(args)...);
}

/// A number that comes after the highest one there is.
Result<int32_t> CheckId(std::string_view what, int64_t id) {
  if (id > INT32_MAX) return Refuse("the numbers for a new {} run out", what);
  return static_cast<int32_t>(id);
}

/// Types and defaults that the format version does not have.
Status CheckVersionOf(std::span<const Field> fields, int format_version) {
  for (const Field& field : fields) {
    if (FormatVersionOf(field.type) > format_version) {
      return Refuse("a type needs a newer format version: column={:.200} type={:.200} version={}",
                    field.name, field.type.ToString(), format_version);
    }
    if (field.initial_default != nullptr && format_version < 3) {
      return Refuse("a default needs format version 3: column={:.200}", field.name);
    }
    if (field.type.is_nested())
      RETURN_IF_ERROR(CheckVersionOf(field.type.fields(), format_version));
  }
  return {};
}

/// Whether partitions of a spec can be computed from rows of a schema; names do not count any more.
Status CheckReadable(const PartitionSpec& spec, const Schema& schema) {
  for (const PartitionField& field : spec.fields) {
    if (field.transform.kind == TransformKind::kVoid) continue;
    for (const int32_t id : field.source_ids) {
      const Field* source = schema.FindField(id);
      if (source == nullptr) {
        return Refuse("cannot find source column for partition field: name={:.200} source_id={}",
                      field.name, id);
      }
      if (field.source_ids.size() == 1) RETURN_IF_ERROR(field.transform.ResultType(source->type));
    }
  }
  return {};
}

/// Metadata while it changes. Follows the Java library's builder, so that what its clients compute and what
/// we answer agree.
class Change {
 public:
  Change(const TableMetadata& base, int64_t now_ms)
      : creating_(base.schemas.empty()),
        now_ms_(std::max(now_ms, base.last_updated_ms)),
        log_before_(base.snapshot_log.size()),
        table_(base) {}

  Status operator()(const AssignUuid& update);
  Status operator()(const UpgradeFormatVersion& update);
  Status operator()(const AddSchema& update);
  Status operator()(const SetCurrentSchema& update);
  Status operator()(const AddSpec& update);
  Status operator()(const SetDefaultSpec& update);
  Status operator()(const AddSortOrder& update);
  Status operator()(const SetDefaultSortOrder& update);
  Status operator()(const AddSnapshot& update);
  Status operator()(const SetSnapshotRef& update);
  Status operator()(const RemoveSnapshots& update);
  Status operator()(const RemoveSnapshotRef& update);
  Status operator()(const SetLocation& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const SetStatistics& update);
  Status operator()(const RemoveStatistics& update);
  Status operator()(const SetPartitionStatistics& update);
  Status operator()(const RemovePartitionStatistics& update);
  Status operator()(const RemovePartitionSpecs& update);
  Status operator()(const RemoveSchemas& update);
  Status operator()(const AddEncryptionKey& update);
  Status operator()(const RemoveEncryptionKey& update);

  Result<TableMetadata> Finish();

 private:
  const Schema* BindingSchema() const;
  Status AssignFieldIds(PartitionSpec& spec);
  void LogCurrent(const Snapshot& snapshot);
  void CutSnapshotLog();

  const bool creating_;
  const int64_t now_ms_;
  const size_t log_before_;
  TableMetadata table_;
  std::optional<int32_t> last_schema_;
  std::optional<int32_t> last_spec_;
  std::optional<int32_t> last_order_;
  std::set<int64_t> added_;
  bool removed_ = false;
};

Status Change::operator()(const AssignUuid& update) {
  if (!UuidFromText(update.uuid)) return Refuse("not a uuid: uuid={:.200}", update.uuid);
  if (!table_.table_uuid.empty() && table_.table_uuid != update.uuid) {
    return Refuse("a table keeps its uuid: have={} got={}", table_.table_uuid, update.uuid);
  }
  table_.table_uuid = update.uuid;
  return {};
}

Status Change::operator()(const UpgradeFormatVersion& update) {
  const int version = update.format_version;
  if (version < 1 || version > kFormatVersionMax) {
    return Refuse("cannot upgrade table to unsupported format version: version={} max={}", version,
                  kFormatVersionMax);
  }
  // A table that does not exist yet has no version to keep.
  if (version < table_.format_version && !creating_) {
    return Refuse("cannot downgrade a table: from={} to={}", table_.format_version, version);
  }
  table_.format_version = version;
  return {};
}

Status Change::operator()(const AddSchema& update) {
  RETURN_IF_ERROR(CheckVersionOf(update.schema.fields(), table_.format_version));
  int64_t id = 0;
  for (const Schema& schema : table_.schemas) {
    if (schema.SameFields(update.schema)) {
      last_schema_ = schema.schema_id();
      return {};
    }
    id = std::max(id, int64_t{schema.schema_id()} + 1);
  }
  ASSIGN_OR_RETURN(last_schema_, CheckId("schema", id));
  table_.schemas.push_back(update.schema.WithId(*last_schema_));
  table_.last_column_id = std::max(table_.last_column_id, update.schema.HighestFieldId());
  return {};
}

Status Change::operator()(const SetCurrentSchema& update) {
  if (update.schema_id == kLastAdded && !last_schema_) {
    return Refuse("cannot set last added schema: no schema has been added");
  }
  const int32_t id = update.schema_id == kLastAdded ? *last_schema_ : update.schema_id;
  if (table_.FindSchema(id) == nullptr) {
    return Refuse("cannot set current schema to unknown schema: id={}", id);
  }
  table_.current_schema_id = id;
  return {};
}

/// Columns of new specs and orders are those of the current schema; of a table being made, also those of a
/// schema that is not current yet.
const Schema* Change::BindingSchema() const {
  const Schema* schema = table_.FindSchema(table_.current_schema_id);
  return schema == nullptr && last_schema_ ? table_.FindSchema(*last_schema_) : schema;
}

/// Equal fields of older specs keep their id, the others get new ones; version 1 counts from the start in
/// each spec.
Status Change::AssignFieldIds(PartitionSpec& spec) {
  int64_t highest = std::max(table_.last_partition_id, spec.HighestFieldId());
  std::set<int32_t> used;
  for (const PartitionField& field : spec.fields) {
    if (field.field_id != 0 && !used.insert(field.field_id).second) {
      return Refuse("a partition field id is used twice: id={}", field.field_id);
    }
  }
  const auto known = [&](const PartitionField& field) -> int32_t {
    for (const PartitionSpec& old : table_.partition_specs) {
      for (const PartitionField& other : old.fields) {
        const bool same = other.source_ids == field.source_ids &&
                          other.transform == field.transform && other.name == field.name;
        if (same && !used.contains(other.field_id)) return other.field_id;
      }
    }
    return 0;
  };
  int32_t next = kPartitionFieldIdFirst;
  for (PartitionField& field : spec.fields) {
    if (table_.format_version == 1) {
      if (field.field_id == 0) field.field_id = next;
      if (field.field_id != next++) {
        return Refuse("a spec does not use the sequential ids that version 1 requires: id={}",
                      field.field_id);
      }
      continue;
    }
    if (field.field_id != 0) continue;
    field.field_id = known(field);
    if (field.field_id == 0) {
      ASSIGN_OR_RETURN(field.field_id, CheckId("partition field", ++highest));
    }
    used.insert(field.field_id);
  }
  return {};
}

Status Change::operator()(const AddSpec& update) {
  int64_t id = 0;
  for (const PartitionSpec& spec : table_.partition_specs) {
    if (spec.SameLayout(update.spec)) {
      last_spec_ = spec.spec_id;
      return {};
    }
    id = std::max(id, int64_t{spec.spec_id} + 1);
  }
  const Schema* schema = BindingSchema();
  if (schema == nullptr) return Refuse("cannot add a partition spec before a schema");
  RETURN_IF_ERROR(CheckSpec(update.spec, *schema));
  PartitionSpec spec = update.spec;
  ASSIGN_OR_RETURN(spec.spec_id, CheckId("partition spec", id));
  RETURN_IF_ERROR(AssignFieldIds(spec));
  table_.last_partition_id = std::max(table_.last_partition_id, spec.HighestFieldId());
  last_spec_ = spec.spec_id;
  table_.partition_specs.push_back(std::move(spec));
  return {};
}

Status Change::operator()(const SetDefaultSpec& update) {
  if (update.spec_id == kLastAdded && !last_spec_) {
    return Refuse("cannot set last added spec: no spec has been added");
  }
  const int32_t id = update.spec_id == kLastAdded ? *last_spec_ : update.spec_id;
  if (table_.FindSpec(id) == nullptr) {
    return Refuse("cannot set default partition spec to unknown spec: id={}", id);
  }
  table_.default_spec_id = id;
  return {};
}

Status Change::operator()(const AddSortOrder& update) {
  int64_t id = update.order.is_unsorted() ? 0 : 1;
  for (const SortOrder& order : table_.sort_orders) {
    if (order.fields == update.order.fields) {
      last_order_ = order.order_id;
      return {};
    }
    if (!update.order.is_unsorted()) id = std::max(id, int64_t{order.order_id} + 1);
  }
  const Schema* schema = BindingSchema();
  if (schema == nullptr) return Refuse("cannot add a sort order before a schema");
  RETURN_IF_ERROR(CheckSortOrder(update.order, *schema));
  ASSIGN_OR_RETURN(last_order_, CheckId("sort order", id));
  table_.sort_orders.push_back({*last_order_, update.order.fields});
  return {};
}

Status Change::operator()(const SetDefaultSortOrder& update) {
  if (update.order_id == kLastAdded && !last_order_) {
    return Refuse("cannot set last added sort order: no sort order has been added");
  }
  const int32_t id = update.order_id == kLastAdded ? *last_order_ : update.order_id;
  if (table_.FindSortOrder(id) == nullptr) {
    return Refuse("cannot set default sort order to unknown order: id={}", id);
  }
  table_.default_sort_order_id = id;
  return {};
}

Status Change::operator()(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  if (table_.schemas.empty())
    return Refuse("attempting to add a snapshot before a schema is added");
  if (table_.FindSnapshot(snapshot.snapshot_id) != nullptr) {
    return Refuse("snapshot already exists for id: {}", snapshot.snapshot_id);
  }
  if (snapshot.snapshot_id < 0)
    return Refuse("a snapshot id is negative: id={}", snapshot.snapshot_id);
  if (snapshot.schema_id && table_.FindSchema(*snapshot.schema_id) == nullptr) {
    return Refuse("a snapshot has an unknown schema: id={}", *snapshot.schema_id);
  }
  const bool no_files = snapshot.manifest_list.empty() && snapshot.manifests.empty();
  if (no_files || (table_.format_version >= 2 && snapshot.manifest_list.empty())) {
    return Refuse("a snapshot needs a manifest list: id={}", snapshot.snapshot_id);
  }
  if (table_.format_version == 1 && snapshot.sequence_number != 0) {
    return Refuse("version 1 has no sequence numbers: sequence-number={}",
                  snapshot.sequence_number);
  }
  // Replaced tables begin anew: two replacements beside each other have the same number and no parent.
  if (table_.format_version >= 2 && snapshot.sequence_number <= table_.last_sequence_number &&
      snapshot.parent_snapshot_id) {
    return Fail(ErrorCode::kCommitConflict,
                "Cannot add snapshot with sequence number {} older than last sequence number {}",
                snapshot.sequence_number, table_.last_sequence_number);
  }
  if (table_.format_version >= 3) {
    if (!snapshot.first_row_id) return Refuse("cannot add a snapshot: first-row-id is null");
    if (!snapshot.added_rows) return Refuse("cannot add a snapshot: added-rows is null");
    if (*snapshot.first_row_id < table_.next_row_id) {
      return Fail(ErrorCode::kCommitConflict,
                  "Cannot add a snapshot, first-row-id is behind table next-row-id: {} < {}",
                  *snapshot.first_row_id, table_.next_row_id);
    }
    if (*snapshot.added_rows > INT64_MAX - *snapshot.first_row_id) {
      return Refuse("row ids run out: first-row-id={} added-rows={}", *snapshot.first_row_id,
                    *snapshot.added_rows);
    }
    table_.next_row_id = *snapshot.first_row_id + *snapshot.added_rows;
  }
  if (table_.format_version >= 2) {
    table_.last_sequence_number = std::max(table_.last_sequence_number, snapshot.sequence_number);
  }
  table_.snapshots.push_back(snapshot);
  added_.insert(snapshot.snapshot_id);
  return {};
}

/// Readers refuse a log that goes back in time.
void Change::LogCurrent(const Snapshot& snapshot) {
  int64_t time = added_.contains(snapshot.snapshot_id) ? snapshot.timestamp_ms : now_ms_;
  if (!table_.snapshot_log.empty()) time = std::max(time, table_.snapshot_log.back().timestamp_ms);
  table_.snapshot_log.push_back({time, snapshot.snapshot_id});
}

Status Change::operator()(const SetSnapshotRef& update) {
  const auto existing = table_.refs.find(update.name);
  if (existing != table_.refs.end() && existing->second == update.ref) return {};
  if (update.name.empty()) return Refuse("a branch or tag has no name");
  const Snapshot* snapshot = table_.FindSnapshot(update.ref.snapshot_id);
  if (snapshot == nullptr) {
    return Refuse("cannot set {:.200} to unknown snapshot: {}", update.name,
                  update.ref.snapshot_id);
  }
  if (update.name == kMainBranch) {
    if (update.ref.type != RefType::kBranch) {
      return Refuse("cannot set main to a tag, it must be a branch");
    }
    if (table_.current_snapshot_id != update.ref.snapshot_id) LogCurrent(*snapshot);
    table_.current_snapshot_id = update.ref.snapshot_id;
  }
  table_.refs[update.name] = update.ref;
  return {};
}

Status Change::operator()(const RemoveSnapshotRef& update) {
  if (update.name == kMainBranch) table_.current_snapshot_id.reset();
  table_.refs.erase(update.name);
  return {};
}

Status Change::operator()(const RemoveSnapshots& update) {
  const std::set<int64_t> ids(update.snapshot_ids.begin(), update.snapshot_ids.end());
  const auto gone = [&](const auto& item) { return ids.contains(item.snapshot_id); };
  removed_ |= std::erase_if(table_.snapshots, gone) > 0;
  std::erase_if(table_.statistics, gone);
  std::erase_if(table_.partition_statistics, gone);
  std::erase_if(table_.refs, [&](const auto& ref) { return gone(ref.second); });
  if (table_.current_snapshot_id && ids.contains(*table_.current_snapshot_id)) {
    table_.current_snapshot_id.reset();
  }
  return {};
}

Status Change::operator()(const SetLocation& update) {
  if (update.location.empty()) return Refuse("a location is empty");
  table_.location = update.location;
  return {};
}

Status Change::operator()(const SetProperties& update) {
  for (const auto& [key, value] : update.updates) table_.properties[key] = value;
  return {};
}

Status Change::operator()(const RemoveProperties& update) {
  for (const std::string& key : update.removals) table_.properties.erase(key);
  return {};
}

Status Change::operator()(const RemoveStatistics& update) {
  std::erase_if(table_.statistics,
                [&](const auto& file) { return file.snapshot_id == update.snapshot_id; });
  return {};
}

Status Change::operator()(const SetStatistics& update) {
  RETURN_IF_ERROR((*this)(RemoveStatistics{update.statistics.snapshot_id}));
  table_.statistics.push_back(update.statistics);
  return {};
}

Status Change::operator()(const RemovePartitionStatistics& update) {
  std::erase_if(table_.partition_statistics,
                [&](const auto& file) { return file.snapshot_id == update.snapshot_id; });
  return {};
}

Status Change::operator()(const SetPartitionStatistics& update) {
  RETURN_IF_ERROR((*this)(RemovePartitionStatistics{update.statistics.snapshot_id}));
  table_.partition_statistics.push_back(update.statistics);
  return {};
}

Status Change::operator()(const RemovePartitionSpecs& update) {
  const std::set<int32_t> ids(update.spec_ids.begin(), update.spec_ids.end());
  if (ids.contains(table_.default_spec_id))
    return Refuse("cannot remove the default partition spec");
  std::erase_if(table_.partition_specs,
                [&](const PartitionSpec& spec) { return ids.contains(spec.spec_id); });
  return {};
}

Status Change::operator()(const RemoveSchemas& update) {
  const std::set<int32_t> ids(update.schema_ids.begin(), update.schema_ids.end());
  if (ids.contains(table_.current_schema_id)) return Refuse("cannot remove the current schema");
  std::erase_if(table_.schemas,
                [&](const Schema& schema) { return ids.contains(schema.schema_id()); });
  return {};
}

Status Change::operator()(const AddEncryptionKey& update) {
  const auto& keys = table_.encryption_keys;
  if (std::ranges::find(keys, update.key.key_id, &EncryptedKey::key_id) == keys.end()) {
    table_.encryption_keys.push_back(update.key);
  }
  return {};
}

Status Change::operator()(const RemoveEncryptionKey& update) {
  std::erase_if(table_.encryption_keys,
                [&](const EncryptedKey& key) { return key.key_id == update.key_id; });
  return {};
}

/// Snapshots that were current only inside this commit never were. Where one is missing, the history before it
/// is no history any more: time travel there would find something else.
void Change::CutSnapshotLog() {
  std::set<int64_t> there;
  for (const Snapshot& snapshot : table_.snapshots) there.insert(snapshot.snapshot_id);
  std::vector<SnapshotLogEntry> kept;
  for (size_t i = 0; i < table_.snapshot_log.size(); ++i) {
    const SnapshotLogEntry& entry = table_.snapshot_log[i];
    const bool passing = i >= log_before_ && added_.contains(entry.snapshot_id) &&
                         entry.snapshot_id != table_.current_snapshot_id;
    if (!there.contains(entry.snapshot_id)) {
      if (removed_) kept.clear();
    } else if (!passing) {
      kept.push_back(entry);
    }
  }
  table_.snapshot_log = std::move(kept);
  const Snapshot* current = table_.current_snapshot();
  if (current != nullptr && (table_.snapshot_log.empty() ||
                             table_.snapshot_log.back().snapshot_id != current->snapshot_id)) {
    LogCurrent(*current);
  }
}

Result<TableMetadata> Change::Finish() {
  if (creating_ && table_.partition_specs.empty()) table_.partition_specs.emplace_back();
  if (creating_ && table_.sort_orders.empty()) table_.sort_orders.emplace_back();
  if (table_.table_uuid.empty()) table_.table_uuid = NewUuid();
  if (table_.location.empty()) return Refuse("a table has no location");
  const Schema* schema = table_.FindSchema(table_.current_schema_id);
  const PartitionSpec* spec = table_.FindSpec(table_.default_spec_id);
  const SortOrder* order = table_.FindSortOrder(table_.default_sort_order_id);
  if (schema == nullptr) return Refuse("a table has no current schema");
  if (spec == nullptr) return Refuse("a table has no default partition spec");
  if (order == nullptr) return Refuse("a table has no default sort order");
  RETURN_IF_ERROR(CheckReadable(*spec, *schema));
  RETURN_IF_ERROR(CheckSortOrder(*order, *schema));
  if (removed_ || !added_.empty()) CutSnapshotLog();
  table_.last_updated_ms = now_ms_;
  if (!table_.snapshot_log.empty()) {
    table_.last_updated_ms = std::max(now_ms_, table_.snapshot_log.back().timestamp_ms);
  }
  return std::move(table_);
}

}  // namespace

Result<TableMetadata> ApplyUpdates(const TableMetadata& base, std::span<const TableUpdate> updates,
                                   int64_t now_ms) {
  if (updates.empty() && !base.schemas.empty()) return base;
  Change change(base, now_ms);
  for (const TableUpdate& update : updates) RETURN_IF_ERROR(std::visit(change, update));
  return change.Finish();
}

}  // namespace weir::iceberg
