#include "meta/table_descriptor.h"

#include <boost/json.hpp>

#include "record/schema_json.h"

namespace weir {

namespace json = boost::json;

namespace {

constexpr int64_t kVersion = 1;

json::object ToJsonObject(const Properties& properties) {
  json::object out;
  for (const auto& [key, value] : properties) out[key] = value;
  return out;
}

json::array ToJsonArray(const std::vector<std::string>& names) {
  json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

/// Reads the keys of one JSON object; every error is of the same code and names the key.
class ObjectReader {
 public:
  ObjectReader(const json::object& object, ErrorCode code) : object_(object), code_(code) {}

  const json::value* Find(std::string_view key) const {
    const json::value* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  Result<std::optional<std::string>> Text(std::string_view key) const {
    const json::value* value = Find(key);
    if (value == nullptr) return std::optional<std::string>();
    if (!value->is_string()) return Fail(code_, "'{}' must be a string", key);
    return std::optional<std::string>(std::string(value->get_string()));
  }

  Result<std::vector<std::string>> Names(std::string_view key) const {
    std::vector<std::string> out;
    const json::value* value = Find(key);
    if (value == nullptr) return out;
    if (!value->is_array()) return Fail(code_, "'{}' must be an array of strings", key);
    for (const json::value& item : value->get_array()) {
      if (!item.is_string()) return Fail(code_, "'{}' must be an array of strings", key);
      out.emplace_back(item.get_string());
    }
    return out;
  }

  Result<Properties> Map(std::string_view key) const {
    Properties out;
    const json::value* value = Find(key);
    if (value == nullptr) return out;
    if (!value->is_object()) return Fail(code_, "'{}' must be an object", key);
    for (const auto& [name, item] : value->get_object()) {
      if (!item.is_string())
        return Fail(code_, "'{}' must have strings as values: key={}", key, std::string_view(name));
      out.emplace(name, item.get_string());
    }
    return out;
  }

  Result<std::optional<int32_t>> Int(std::string_view key) const {
    const json::value* value = Find(key);
    if (value == nullptr) return std::optional<int32_t>();
    boost::system::error_code error;
    const auto number = value->to_number<int32_t>(error);
    if (error) return Fail(code_, "'{}' must be a whole number", key);
    return std::optional<int32_t>(number);
  }

  Status CheckVersion() const {
    ASSIGN_OR_RETURN(const std::optional<int32_t> version, Int("version"));
    if (version && *version != kVersion)
      return Fail(code_, "unknown document version: {}", *version);
    return {};
  }

 private:
  const json::object& object_;
  ErrorCode code_;
};

Result<json::value> ParseObject(std::string_view text, ErrorCode code) {
  Result<json::value> parsed = ParseJson(text);
  if (!parsed.ok()) return Fail(code, "{}", parsed.error().message);
  if (!parsed->is_object()) return Fail(code, "the document is not a JSON object");
  return parsed;
}

}  // namespace

std::string ToJson(const TableDescriptor& descriptor) {
  json::object out;
  out["version"] = kVersion;
  out["schema"] = SchemaToJson(descriptor.schema);
  if (descriptor.comment) out["comment"] = *descriptor.comment;
  out["partition_key"] = ToJsonArray(descriptor.partition_keys);
  // The Java reader expects the key whenever there is a count, even an empty one.
  if (!descriptor.bucket_keys.empty() || descriptor.bucket_count) {
    out["bucket_key"] = ToJsonArray(descriptor.bucket_keys);
  }
  if (descriptor.bucket_count) out["bucket_count"] = *descriptor.bucket_count;
  out["properties"] = ToJsonObject(descriptor.properties);
  out["custom_properties"] = ToJsonObject(descriptor.custom_properties);
  return json::serialize(out);
}

Result<TableDescriptor> TableDescriptorFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value document, ParseObject(text, ErrorCode::kInvalidTable));
  const ObjectReader in(document.get_object(), ErrorCode::kInvalidTable);
  RETURN_IF_ERROR(in.CheckVersion());
  const json::value* schema_json = in.Find("schema");
  if (schema_json == nullptr)
    return Fail(ErrorCode::kInvalidTable, "the table descriptor has no 'schema'");
  ASSIGN_OR_RETURN(Schema schema, SchemaFromJson(*schema_json));
  TableDescriptor out{.schema = std::move(schema)};
  ASSIGN_OR_RETURN(out.comment, in.Text("comment"));
  ASSIGN_OR_RETURN(out.partition_keys, in.Names("partition_key"));
  ASSIGN_OR_RETURN(out.bucket_keys, in.Names("bucket_key"));
  ASSIGN_OR_RETURN(out.bucket_count, in.Int("bucket_count"));
  ASSIGN_OR_RETURN(out.properties, in.Map("properties"));
  ASSIGN_OR_RETURN(out.custom_properties, in.Map("custom_properties"));
  return out;
}

std::string ToJson(const DatabaseDescriptor& descriptor) {
  json::object out;
  out["version"] = kVersion;
  if (descriptor.comment) out["comment"] = *descriptor.comment;
  out["custom_properties"] = ToJsonObject(descriptor.custom_properties);
  return json::serialize(out);
}

Result<DatabaseDescriptor> DatabaseDescriptorFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value document, ParseObject(text, ErrorCode::kInvalidDatabase));
  const ObjectReader in(document.get_object(), ErrorCode::kInvalidDatabase);
  RETURN_IF_ERROR(in.CheckVersion());
  DatabaseDescriptor out;
  ASSIGN_OR_RETURN(out.comment, in.Text("comment"));
  ASSIGN_OR_RETURN(out.custom_properties, in.Map("custom_properties"));
  return out;
}

}  // namespace weir
