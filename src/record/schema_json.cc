#include "record/schema_json.h"

#include <boost/json.hpp>

#include "base/bytes.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr size_t kTextBytesMax = 4 * MiB;
constexpr size_t kJsonDepthMax = 80;

Failure Missing(std::string_view key, std::string_view kind) {
  return Fail(ErrorCode::kInvalidTable,
              "json document lacks a key of the right kind: key={} kind={}", key, kind);
}

Result<const json::object*> AsObject(const json::value& value, std::string_view what) {
  if (!value.is_object()) return Missing(what, "object");
  return &value.get_object();
}

/// The member, or nullptr when it is absent or null.
const json::value* Find(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_null() ? nullptr : found;
}

Result<std::string> RequireText(const json::object& object, std::string_view key) {
  const json::value* found = Find(object, key);
  if (found == nullptr || !found->is_string()) return Missing(key, "string");
  return std::string(found->get_string());
}

Result<int32_t> RequireInt(const json::object& object, std::string_view key) {
  const json::value* found = Find(object, key);
  if (found == nullptr || !found->is_int64()) return Missing(key, "integer");
  const int64_t value = found->get_int64();
  if (value < INT32_MIN || value > INT32_MAX) return Missing(key, "32-bit integer");
  return static_cast<int32_t>(value);
}

Result<const json::array*> RequireArray(const json::object& object, std::string_view key) {
  const json::value* found = Find(object, key);
  if (found == nullptr || !found->is_array()) return Missing(key, "array");
  return &found->get_array();
}

Result<std::optional<std::string>> OptionalText(const json::object& object, std::string_view key) {
  if (Find(object, key) == nullptr) return std::optional<std::string>();
  ASSIGN_OR_RETURN(std::string text, RequireText(object, key));
  return std::optional(std::move(text));
}

/// Absent: -1, meaning not assigned.
Result<int32_t> OptionalId(const json::object& object, std::string_view key) {
  if (Find(object, key) == nullptr) return -1;
  return RequireInt(object, key);
}

Result<std::vector<std::string>> OptionalNames(const json::object& object, std::string_view key) {
  std::vector<std::string> names;
  if (Find(object, key) == nullptr) return names;
  ASSIGN_OR_RETURN(const json::array* array, RequireArray(object, key));
  for (const json::value& name : *array) {
    if (!name.is_string()) return Missing(key, "array of strings");
    names.emplace_back(name.get_string());
  }
  return names;
}

json::array NamesToJson(std::span<const std::string> names) {
  json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

Result<TypeKind> KindFromRoot(std::string_view root) {
  for (int kind = 0; kind <= static_cast<int>(TypeKind::kRow); ++kind) {
    if (RootName(static_cast<TypeKind>(kind)) == root) return static_cast<TypeKind>(kind);
  }
  return Fail(ErrorCode::kInvalidTable, "unknown data type: type={:.200}", root);
}

Result<DataType> TypeFromJson(const json::value& value, int depth);

Result<DataType> ChildFromJson(const json::object& object, std::string_view key, int depth) {
  const json::value* child = Find(object, key);
  if (child == nullptr) return Missing(key, "object");
  return TypeFromJson(*child, depth + 1);
}

Result<DataType> RowFromJson(const json::object& object, int depth) {
  ASSIGN_OR_RETURN(const json::array* array, RequireArray(object, "fields"));
  std::vector<Field> fields;
  for (const json::value& item : *array) {
    ASSIGN_OR_RETURN(const json::object* member, AsObject(item, "fields"));
    Field field;
    ASSIGN_OR_RETURN(field.name, RequireText(*member, "name"));
    ASSIGN_OR_RETURN(field.type, ChildFromJson(*member, "field_type", depth));
    ASSIGN_OR_RETURN(field.comment, OptionalText(*member, "description"));
    ASSIGN_OR_RETURN(field.id, OptionalId(*member, "field_id"));
    fields.push_back(std::move(field));
  }
  return DataType::Row(std::move(fields));
}

Result<DataType> TypeWithoutNullability(TypeKind kind, const json::object& object, int depth) {
  DataType type = DataType::Of(kind);
  switch (kind) {
    case TypeKind::kChar:
    case TypeKind::kBinary: {
      ASSIGN_OR_RETURN(type.length, RequireInt(object, "length"));
      return type;
    }
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(type.precision, RequireInt(object, "precision"));
      ASSIGN_OR_RETURN(type.scale, RequireInt(object, "scale"));
      return type;
    }
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      ASSIGN_OR_RETURN(type.precision, RequireInt(object, "precision"));
      return type;
    }
    case TypeKind::kArray: {
      ASSIGN_OR_RETURN(DataType element, ChildFromJson(object, "element_type", depth));
      return DataType::Array(std::move(element));
    }
    case TypeKind::kMap: {
      ASSIGN_OR_RETURN(const DataType key, ChildFromJson(object, "key_type", depth));
      ASSIGN_OR_RETURN(DataType value, ChildFromJson(object, "value_type", depth));
      return DataType::Map(key, std::move(value));
    }
    case TypeKind::kRow:
      return RowFromJson(object, depth);
    default:
      return type;
  }
}

Result<DataType> TypeFromJson(const json::value& value, int depth) {
  if (depth > kTypeDepthMax) {
    return Fail(ErrorCode::kInvalidTable, "type is nested too deep: levels_max={}", kTypeDepthMax);
  }
  ASSIGN_OR_RETURN(const json::object* object, AsObject(value, "data_type"));
  ASSIGN_OR_RETURN(const std::string root, RequireText(*object, "type"));
  ASSIGN_OR_RETURN(const TypeKind kind, KindFromRoot(root));
  ASSIGN_OR_RETURN(DataType type, TypeWithoutNullability(kind, *object, depth));
  if (const json::value* nullable = Find(*object, "nullable")) {
    if (!nullable->is_bool()) return Missing("nullable", "boolean");
    type.nullable = nullable->get_bool();
  }
  return type;
}

json::value RowFieldsToJson(std::span<const Field> fields) {
  json::array out;
  for (const Field& field : fields) {
    json::object member{{"name", field.name}, {"field_type", DataTypeToJson(field.type)}};
    if (field.comment) member["description"] = *field.comment;
    member["field_id"] = field.id;
    out.push_back(std::move(member));
  }
  return out;
}

Result<AggFunction> AggFromJson(const json::value& value) {
  ASSIGN_OR_RETURN(const json::object* object, AsObject(value, "agg_function"));
  AggFunction out;
  ASSIGN_OR_RETURN(out.type, RequireText(*object, "type"));
  const json::value* parameters = Find(*object, "parameters");
  if (parameters == nullptr) return out;
  ASSIGN_OR_RETURN(const json::object* members, AsObject(*parameters, "parameters"));
  for (const auto& [key, parameter] : *members) {
    ASSIGN_OR_RETURN(out.parameters[key], RequireText(*members, key));
  }
  return out;
}

json::value AggToJson(const AggFunction& function) {
  json::object out{{"type", function.type}};
  if (!function.parameters.empty()) {
    json::object& parameters = out["parameters"].emplace_object();
    for (const auto& [key, value] : function.parameters) parameters[key] = value;
  }
  return out;
}

Result<Column> ColumnFromJson(const json::value& value) {
  ASSIGN_OR_RETURN(const json::object* object, AsObject(value, "columns"));
  Column out;
  ASSIGN_OR_RETURN(out.name, RequireText(*object, "name"));
  ASSIGN_OR_RETURN(out.type, ChildFromJson(*object, "data_type", -1));
  ASSIGN_OR_RETURN(out.comment, OptionalText(*object, "comment"));
  ASSIGN_OR_RETURN(out.id, OptionalId(*object, "id"));
  if (const json::value* function = Find(*object, "agg_function")) {
    ASSIGN_OR_RETURN(out.agg_function, AggFromJson(*function));
  }
  return out;
}

json::value ColumnToJson(const Column& column) {
  json::object out{{"name", column.name}, {"data_type", DataTypeToJson(column.type)}};
  if (column.comment) out["comment"] = *column.comment;
  if (column.agg_function) out["agg_function"] = AggToJson(*column.agg_function);
  out["id"] = column.id;
  return out;
}

}  // namespace

Result<json::value> ParseJson(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return Fail(ErrorCode::kInvalidTable, "json document is too large: bytes={} max={}",
                text.size(), kTextBytesMax);
  }
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::error_code error;
  json::value out = json::parse(text, error, {}, options);
  if (error) return Fail(ErrorCode::kInvalidTable, "not a json document: {}", error.message());
  return out;
}

json::value DataTypeToJson(const DataType& type) {
  json::object out{{"type", RootName(type.kind)}};
  if (!type.nullable) out["nullable"] = false;
  switch (type.kind) {
    case TypeKind::kChar:
    case TypeKind::kBinary:
      out["length"] = type.length;
      break;
    case TypeKind::kDecimal:
      out["precision"] = type.precision;
      out["scale"] = type.scale;
      break;
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      out["precision"] = type.precision;
      break;
    case TypeKind::kArray:
      out["element_type"] = DataTypeToJson(type.element());
      break;
    case TypeKind::kMap:
      out["key_type"] = DataTypeToJson(type.key());
      out["value_type"] = DataTypeToJson(type.value());
      break;
    case TypeKind::kRow:
      out["fields"] = RowFieldsToJson(type.fields());
      break;
    default:
      break;
  }
  return out;
}

Result<DataType> DataTypeFromJson(const json::value& value) {
  ASSIGN_OR_RETURN(DataType type, TypeFromJson(value, 0));
  RETURN_IF_ERROR(CheckType(type));
  return type;
}

json::value SchemaToJson(const Schema& schema) {
  json::object out{{"version", 1}};
  json::array& columns = out["columns"].emplace_array();
  for (const Column& column : schema.columns()) columns.push_back(ColumnToJson(column));
  if (schema.has_primary_key()) out["primary_key"] = NamesToJson(schema.primary_key());
  if (!schema.auto_increment().empty())
    out["auto_increment_column"] = NamesToJson(schema.auto_increment());
  out["highest_field_id"] = schema.highest_field_id();
  return out;
}

Result<Schema> SchemaFromJson(const json::value& value) {
  ASSIGN_OR_RETURN(const json::object* object, AsObject(value, "schema"));
  Schema::Parts parts;
  ASSIGN_OR_RETURN(const json::array* columns, RequireArray(*object, "columns"));
  for (const json::value& item : *columns) {
    ASSIGN_OR_RETURN(Column column, ColumnFromJson(item));
    parts.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(parts.primary_key, OptionalNames(*object, "primary_key"));
  ASSIGN_OR_RETURN(parts.auto_increment, OptionalNames(*object, "auto_increment_column"));
  if (Find(*object, "highest_field_id") != nullptr) {
    ASSIGN_OR_RETURN(parts.highest_field_id, RequireInt(*object, "highest_field_id"));
  }
  return Schema::Make(std::move(parts));
}

std::string SchemaToText(const Schema& schema) { return json::serialize(SchemaToJson(schema)); }

Result<Schema> SchemaFromText(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  return SchemaFromJson(value);
}

std::string DataTypeToText(const DataType& type) { return json::serialize(DataTypeToJson(type)); }

Result<DataType> DataTypeFromText(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  return DataTypeFromJson(value);
}

}  // namespace weir
