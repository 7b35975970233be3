#include "lake/json_fields.h"
#include "lake/table_update.h"

namespace weir::iceberg {
namespace {

json::object Tagged(std::string_view type) { return {{"type", type}}; }

json::object Tagged(std::string_view type, std::string_view key, int32_t id) {
  return {{"type", type}, {key, id}};
}

struct PrintRequirement {
  json::object operator()(const AssertCreate&) const { return Tagged("assert-create"); }
  json::object operator()(const AssertTableUuid& it) const {
    return {{"type", "assert-table-uuid"}, {"uuid", it.uuid}};
  }
  json::object operator()(const AssertRefSnapshotId& it) const {
    json::object out{{"type", "assert-ref-snapshot-id"}, {"ref", it.ref}, {"snapshot-id", nullptr}};
    if (it.snapshot_id) out["snapshot-id"] = *it.snapshot_id;
    return out;
  }
  json::object operator()(const AssertLastAssignedFieldId& it) const {
    return Tagged("assert-last-assigned-field-id", "last-assigned-field-id", it.id);
  }
  json::object operator()(const AssertCurrentSchemaId& it) const {
    return Tagged("assert-current-schema-id", "current-schema-id", it.id);
  }
  json::object operator()(const AssertLastAssignedPartitionId& it) const {
    return Tagged("assert-last-assigned-partition-id", "last-assigned-partition-id", it.id);
  }
  json::object operator()(const AssertDefaultSpecId& it) const {
    return Tagged("assert-default-spec-id", "default-spec-id", it.id);
  }
  json::object operator()(const AssertDefaultSortOrderId& it) const {
    return Tagged("assert-default-sort-order-id", "default-sort-order-id", it.id);
  }
};

template <class T>
Result<TableRequirement> ReadId(JsonFields& in, std::string_view key) {
  T out;
  in.Need(key, out.id);
  RETURN_IF_ERROR(in.status());
  return TableRequirement(out);
}

Result<TableRequirement> ReadRequirement(std::string_view type, JsonFields& in) {
  if (type == "assert-create") return TableRequirement(AssertCreate{});
  if (type == "assert-table-uuid") {
    AssertTableUuid out;
    in.Need("uuid", out.uuid);
    RETURN_IF_ERROR(in.status());
    return TableRequirement(std::move(out));
  }
  if (type == "assert-ref-snapshot-id") {
    AssertRefSnapshotId out;
    in.Need("ref", out.ref);
    in.Get("snapshot-id", out.snapshot_id);
    RETURN_IF_ERROR(in.status());
    return TableRequirement(std::move(out));
  }
  if (type == "assert-last-assigned-field-id") {
    return ReadId<AssertLastAssignedFieldId>(in, "last-assigned-field-id");
  }
  if (type == "assert-current-schema-id") {
    return ReadId<AssertCurrentSchemaId>(in, "current-schema-id");
  }
  if (type == "assert-last-assigned-partition-id") {
    return ReadId<AssertLastAssignedPartitionId>(in, "last-assigned-partition-id");
  }
  if (type == "assert-default-spec-id") return ReadId<AssertDefaultSpecId>(in, "default-spec-id");
  if (type == "assert-default-sort-order-id") {
    return ReadId<AssertDefaultSortOrderId>(in, "default-sort-order-id");
  }
  return Fail(ErrorCode::kInvalidTable, "unknown requirement: type={:.200}", type);
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

}  // namespace

json::object ToJson(const TableRequirement& requirement) {
  return std::visit(PrintRequirement{}, requirement);
}

Result<TableRequirement> TableRequirementFromJson(const json::value& value) {
  JsonFields in(value, "a requirement");
  std::string type;
  in.Need("type", type);
  RETURN_IF_ERROR(in.status());
  return ReadRequirement(Lower(std::move(type)), in);
}

namespace {

template <class T>
json::object Act(std::string_view action, std::string_view key, T&& value) {
  return {{"action", action}, {key, std::forward<T>(value)}};
}

json::array StringsToJson(const std::vector<std::string>& strings) {
  json::array out;
  for (const std::string& text : strings) out.emplace_back(text);
  return out;
}

struct PrintUpdate {
  json::object operator()(const AssignUuid& it) const {
    return Act("assign-uuid", "uuid", it.uuid);
  }
  json::object operator()(const UpgradeFormatVersion& it) const {
    return Act("upgrade-format-version", "format-version", it.format_version);
  }
  json::object operator()(const AddSchema& it) const {
    json::object out = Act("add-schema", "schema", ToJson(it.schema));
    out["last-column-id"] = it.schema.HighestFieldId();  // older servers ask for it
    return out;
  }
  json::object operator()(const SetCurrentSchema& it) const {
    return Act("set-current-schema", "schema-id", it.schema_id);
  }
  json::object operator()(const AddSpec& it) const {
    return Act("add-spec", "spec", ToJson(it.spec));
  }
  json::object operator()(const SetDefaultSpec& it) const {
    return Act("set-default-spec", "spec-id", it.spec_id);
  }
  json::object operator()(const AddSortOrder& it) const {
    return Act("add-sort-order", "sort-order", ToJson(it.order));
  }
  json::object operator()(const SetDefaultSortOrder& it) const {
    return Act("set-default-sort-order", "sort-order-id", it.order_id);
  }
  json::object operator()(const AddSnapshot& it) const {
    return Act("add-snapshot", "snapshot", ToJson(it.snapshot));
  }
  json::object operator()(const SetSnapshotRef& it) const {
    json::object out = Act("set-snapshot-ref", "ref-name", it.name);
    for (const auto& [key, value] : ToJson(it.ref)) out[key] = value;
    return out;
  }
  json::object operator()(const RemoveSnapshots& it) const {
    return Act("remove-snapshots", "snapshot-ids", NumbersToJson(it.snapshot_ids));
  }
  json::object operator()(const RemoveSnapshotRef& it) const {
    return Act("remove-snapshot-ref", "ref-name", it.name);
  }
  json::object operator()(const SetLocation& it) const {
    return Act("set-location", "location", it.location);
  }
  json::object operator()(const SetProperties& it) const {
    return Act("set-properties", "updates", MapToJson(it.updates));
  }
  json::object operator()(const RemoveProperties& it) const {
    return Act("remove-properties", "removals", StringsToJson(it.removals));
  }
  json::object operator()(const SetStatistics& it) const {
    json::object out = Act("set-statistics", "statistics", ToJson(it.statistics));
    out["snapshot-id"] = it.statistics.snapshot_id;
    return out;
  }
  json::object operator()(const RemoveStatistics& it) const {
    return Act("remove-statistics", "snapshot-id", it.snapshot_id);
  }
  json::object operator()(const SetPartitionStatistics& it) const {
    return Act("set-partition-statistics", "partition-statistics", ToJson(it.statistics));
  }
  json::object operator()(const RemovePartitionStatistics& it) const {
    return Act("remove-partition-statistics", "snapshot-id", it.snapshot_id);
  }
  json::object operator()(const RemovePartitionSpecs& it) const {
    return Act("remove-partition-specs", "spec-ids", NumbersToJson(it.spec_ids));
  }
  json::object operator()(const RemoveSchemas& it) const {
    return Act("remove-schemas", "schema-ids", NumbersToJson(it.schema_ids));
  }
  json::object operator()(const AddEncryptionKey& it) const {
    return Act("add-encryption-key", "encryption-key", ToJson(it.key));
  }
  json::object operator()(const RemoveEncryptionKey& it) const {
    return Act("remove-encryption-key", "key-id", it.key_id);
  }
};

using ReadUpdate = Result<TableUpdate> (*)(const json::value& value, JsonFields& in);

/// An update whose members are plain.
template <class T, auto kMember>
Result<TableUpdate> ReadMember(JsonFields& in, std::string_view key) {
  T out;
  in.Need(key, out.*kMember);
  RETURN_IF_ERROR(in.status());
  return TableUpdate(std::move(out));
}

/// An update that holds one thing with a reader of its own.
template <class T, auto kMember, auto kRead>
Result<TableUpdate> ReadPart(JsonFields& in, std::string_view key) {
  T out;
  in.NeedBy(key, out.*kMember, kRead);
  RETURN_IF_ERROR(in.status());
  return TableUpdate(std::move(out));
}

Result<TableUpdate> ReadRef(const json::value& value, JsonFields& in) {
  SetSnapshotRef out;
  in.Need("ref-name", out.name);
  RETURN_IF_ERROR(in.status());
  ASSIGN_OR_RETURN(out.ref, SnapshotRefFromJson(value));
  return TableUpdate(std::move(out));
}

/// Early clients said "updated" and "removed".
std::string_view EitherKey(const JsonFields& in, std::string_view key, std::string_view old_key) {
  return in.Find(key) == nullptr && in.Find(old_key) != nullptr ? old_key : key;
}

struct UpdateRow {
  std::string_view action;
  ReadUpdate read;
};

#define WEIR_MEMBER(action, key, type, member)                             \
  {action, [](const json::value&, JsonFields& in) -> Result<TableUpdate> { \
     return ReadMember<type, &type::member>(in, key);                      \
   }}
#define WEIR_PART(action, key, type, member, read)                         \
  {action, [](const json::value&, JsonFields& in) -> Result<TableUpdate> { \
     return ReadPart<type, &type::member, &read>(in, key);                 \
   }}

constexpr UpdateRow kUpdates[] = {
    WEIR_MEMBER("assign-uuid", "uuid", AssignUuid, uuid),
    WEIR_MEMBER("upgrade-format-version", "format-version", UpgradeFormatVersion, format_version),
    WEIR_PART("add-schema", "schema", AddSchema, schema, SchemaFromJson),
    WEIR_MEMBER("set-current-schema", "schema-id", SetCurrentSchema, schema_id),
    WEIR_PART("add-spec", "spec", AddSpec, spec, PartitionSpecFromJson),
    WEIR_MEMBER("set-default-spec", "spec-id", SetDefaultSpec, spec_id),
    WEIR_PART("add-sort-order", "sort-order", AddSortOrder, order, SortOrderFromJson),
    WEIR_MEMBER("set-default-sort-order", "sort-order-id", SetDefaultSortOrder, order_id),
    WEIR_PART("add-snapshot", "snapshot", AddSnapshot, snapshot, SnapshotFromJson),
    {"set-snapshot-ref", &ReadRef},
    WEIR_MEMBER("remove-snapshots", "snapshot-ids", RemoveSnapshots, snapshot_ids),
    WEIR_MEMBER("remove-snapshot-ref", "ref-name", RemoveSnapshotRef, name),
    WEIR_MEMBER("set-location", "location", SetLocation, location),
    WEIR_MEMBER("set-properties", EitherKey(in, "updates", "updated"), SetProperties, updates),
    WEIR_MEMBER("remove-properties", EitherKey(in, "removals", "removed"), RemoveProperties,
                removals),
    WEIR_PART("set-statistics", "statistics", SetStatistics, statistics, StatisticsFileFromJson),
    WEIR_MEMBER("remove-statistics", "snapshot-id", RemoveStatistics, snapshot_id),
    WEIR_PART("set-partition-statistics", "partition-statistics", SetPartitionStatistics,
              statistics, PartitionStatisticsFileFromJson),
    WEIR_MEMBER("remove-partition-statistics", "snapshot-id", RemovePartitionStatistics,
                snapshot_id),
    WEIR_MEMBER("remove-partition-specs", "spec-ids", RemovePartitionSpecs, spec_ids),
    WEIR_MEMBER("remove-schemas", "schema-ids", RemoveSchemas, schema_ids),
    WEIR_PART("add-encryption-key", "encryption-key", AddEncryptionKey, key, EncryptedKeyFromJson),
    WEIR_MEMBER("remove-encryption-key", "key-id", RemoveEncryptionKey, key_id),
};

#undef WEIR_MEMBER
#undef WEIR_PART

}  // namespace

json::object ToJson(const TableUpdate& update) { return std::visit(PrintUpdate{}, update); }

Result<TableUpdate> TableUpdateFromJson(const json::value& value) {
  JsonFields in(value, "an update");
  std::string action;
  in.Need("action", action);
  RETURN_IF_ERROR(in.status());
  action = Lower(std::move(action));
  for (const UpdateRow& row : kUpdates) {
    if (row.action == action) return row.read(value, in);
  }
  return Fail(ErrorCode::kInvalidTable, "unknown update: action={:.200}", action);
}

}  // namespace weir::iceberg
