#include "meta/catalog_records.h"

#include <boost/json.hpp>

#include <charconv>

#include "record/schema_json.h"

namespace weir::records {

namespace json = boost::json;

namespace {

constexpr int64_t kVersion = 1;

std::string Number(int64_t value) { return fmt::format("{:020}", value); }

Failure Bad(std::string_view what) {
  return Fail(ErrorCode::kStorage, "a record of the catalog is malformed: {}", what);
}

/// The object, when its version is known.
Result<json::object> ParseRecord(std::string_view record) {
  boost::system::error_code error;
  json::value document = json::parse(record, error);
  if (error || !document.is_object()) return Bad("not a JSON object");
  const json::value* version = document.get_object().if_contains("version");
  if (version == nullptr || !version->is_int64() || version->get_int64() != kVersion)
    return Bad("unknown version");
  return std::move(document.get_object());
}

Result<int64_t> GetNumber(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64()) return Bad(key);
  return value->get_int64();
}

Result<std::string> GetText(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return Bad(key);
  return std::string(value->get_string());
}

}  // namespace

std::string DatabaseKey(std::string_view name) { return std::string(kDatabases).append(name); }
std::string TableKey(TableId table) { return std::string(kTables) + Number(table.value); }
std::string SchemaKey(TableId table, SchemaId schema) {
  return std::string(kSchemas) + Number(table.value) + "/" + Number(schema.value);
}
std::string PartitionKey(TableId table, PartitionId partition) {
  return std::string(kPartitions) + Number(table.value) + "/" + Number(partition.value);
}
std::string AutoIncrementKey(TableId table) { return "auto-increment/" + Number(table.value); }

Result<std::pair<int64_t, int64_t>> TwoNumbers(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return Bad(key);
  key.remove_prefix(prefix.size());
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return Bad(key);
  ASSIGN_OR_RETURN(const int64_t first, NumberFromRecord(key.substr(0, slash)));
  ASSIGN_OR_RETURN(const int64_t second, NumberFromRecord(key.substr(slash + 1)));
  return std::pair(first, second);
}

std::string ToRecord(const DatabaseInfo& database) {
  return json::serialize(json::object{{"version", kVersion},
                                      {"descriptor", ToJson(database.descriptor)},
                                      {"created", database.created_ms},
                                      {"modified", database.modified_ms}});
}

Result<DatabaseInfo> DatabaseFromRecord(std::string_view name, std::string_view record) {
  ASSIGN_OR_RETURN(const json::object object, ParseRecord(record));
  DatabaseInfo out{.name = std::string(name)};
  ASSIGN_OR_RETURN(const std::string descriptor, GetText(object, "descriptor"));
  ASSIGN_OR_RETURN(out.descriptor, DatabaseDescriptorFromJson(descriptor));
  ASSIGN_OR_RETURN(out.created_ms, GetNumber(object, "created"));
  ASSIGN_OR_RETURN(out.modified_ms, GetNumber(object, "modified"));
  return out;
}

std::string ToRecord(const TableInfo& table) {
  return json::serialize(json::object{{"version", kVersion},
                                      {"id", table.id.value},
                                      {"database", table.path.database},
                                      {"table", table.path.table},
                                      {"descriptor", ToJson(table.descriptor)},
                                      {"schema_id", table.schema_id.value},
                                      {"created", table.created_ms},
                                      {"modified", table.modified_ms}});
}

Result<TableInfo> TableFromRecord(std::string_view record) {
  ASSIGN_OR_RETURN(const json::object object, ParseRecord(record));
  ASSIGN_OR_RETURN(const std::string text, GetText(object, "descriptor"));
  ASSIGN_OR_RETURN(TableDescriptor descriptor, TableDescriptorFromJson(text));
  TableInfo out{.descriptor = std::move(descriptor)};
  if (!out.descriptor.bucket_count) return Bad("a table without bucket count");
  ASSIGN_OR_RETURN(const int64_t id, GetNumber(object, "id"));
  out.id = TableId{id};
  ASSIGN_OR_RETURN(out.path.database, GetText(object, "database"));
  ASSIGN_OR_RETURN(out.path.table, GetText(object, "table"));
  ASSIGN_OR_RETURN(const int64_t schema_id, GetNumber(object, "schema_id"));
  out.schema_id = SchemaId{static_cast<int16_t>(schema_id)};
  ASSIGN_OR_RETURN(out.created_ms, GetNumber(object, "created"));
  ASSIGN_OR_RETURN(out.modified_ms, GetNumber(object, "modified"));
  ASSIGN_OR_RETURN(out.config, ParseTableConfig(out.descriptor.properties));
  out.schemas.emplace(out.schema_id, std::make_shared<const Schema>(out.descriptor.schema));
  return out;
}

std::string ToRecord(const PartitionInfo& partition) {
  return json::serialize(json::object{
      {"version", kVersion}, {"name", partition.name}, {"created", partition.created_ms}});
}

Result<PartitionInfo> PartitionFromRecord(PartitionId id, std::string_view record) {
  ASSIGN_OR_RETURN(const json::object object, ParseRecord(record));
  PartitionInfo out{.id = id};
  ASSIGN_OR_RETURN(out.name, GetText(object, "name"));
  ASSIGN_OR_RETURN(out.created_ms, GetNumber(object, "created"));
  return out;
}

std::string NumberToRecord(int64_t number) { return std::to_string(number); }

Result<int64_t> NumberFromRecord(std::string_view record) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(record.data(), record.data() + record.size(), value);
  if (error != std::errc() || end != record.data() + record.size()) return Bad("not a number");
  return value;
}

}  // namespace weir::records
