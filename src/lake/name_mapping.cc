#include "lake/name_mapping.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "lake/type.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

Failure Bad(std::string_view what) {
  return Fail(ErrorCode::kInvalidTable, "not a name mapping: {}", what);
}

Result<std::vector<MappedField>> FieldsOf(const json::value& value, int depth);

Result<MappedField> FieldOf(const json::value& value, int depth) {
  if (!value.is_object()) return Bad("a field is no object");
  const json::object& object = value.get_object();
  MappedField field;
  if (const json::value* id = object.if_contains("field-id"); id != nullptr) {
    if (!id->is_int64() || !std::in_range<int32_t>(id->get_int64())) return Bad("field-id");
    field.field_id = static_cast<int32_t>(id->get_int64());
  }
  const json::value* names = object.if_contains("names");
  if (names == nullptr || !names->is_array()) return Bad("names");
  for (const json::value& name : names->get_array()) {
    if (!name.is_string()) return Bad("a name is no text");
    field.names.emplace_back(name.get_string());
  }
  if (const json::value* fields = object.if_contains("fields"); fields != nullptr) {
    ASSIGN_OR_RETURN(field.fields, FieldsOf(*fields, depth + 1));
  }
  return field;
}

Result<std::vector<MappedField>> FieldsOf(const json::value& value, int depth) {
  if (depth > kNestingMax) return Bad("nested too deep");
  if (!value.is_array()) return Bad("fields are no array");
  std::vector<MappedField> fields;
  for (const json::value& field : value.get_array()) {
    ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(field, depth));
  }
  return fields;
}

}  // namespace

Result<NameMapping> NameMappingFromJsonText(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 4 * kNestingMax;
  const json::value value = json::parse({text.data(), text.size()}, failed, {}, options);
  if (failed) return Bad("no JSON");
  NameMapping mapping;
  ASSIGN_OR_RETURN(mapping.fields, FieldsOf(value, 0));
  return mapping;
}

const MappedField* FindMapped(const std::vector<MappedField>& fields, std::string_view name) {
  for (const MappedField& field : fields) {
    if (std::ranges::find(field.names, name) != field.names.end()) return &field;
  }
  return nullptr;
}

}  // namespace weir::iceberg
