// The JSON form of types and fields. Source: Iceberg table specification, appendix C "Schemas".
#include "lake/json_fields.h"
#include "lake/literal.h"
#include "lake/type.h"

namespace weir::iceberg {
namespace {

Result<Type> ReadType(const json::value& value, int depth);

Result<Field> ReadField(const json::value& value, int depth) {
  Field field;
  JsonFields in(value, "a field");
  in.Need("id", field.id);
  in.Need("name", field.name);
  in.Need("required", field.required);
  in.NeedBy("type", field.type, [&](const json::value& type) { return ReadType(type, depth + 1); });
  in.Get("doc", field.doc);
  RETURN_IF_ERROR(in.status());
  if (field.id < 0) in.Wrong("id", "is negative");
  const auto read_default = [&](std::string_view key,
                                std::shared_ptr<const Literal>& out) -> Status {
    const json::value* found = in.Find(key);
    if (found == nullptr) return {};
    ASSIGN_OR_RETURN(Literal literal, LiteralFromJson(field.type, *found));
    out = std::make_shared<const Literal>(std::move(literal));
    return {};
  };
  RETURN_IF_ERROR(in.status());
  RETURN_IF_ERROR(read_default("initial-default", field.initial_default));
  RETURN_IF_ERROR(read_default("write-default", field.write_default));
  return field;
}

Result<Type> ReadStruct(JsonFields& in, int depth) {
  std::vector<Field> fields;
  in.NeedEach("fields", [&](const json::value& item) -> Status {
    ASSIGN_OR_RETURN(Field field, ReadField(item, depth));
    fields.push_back(std::move(field));
    return {};
  });
  RETURN_IF_ERROR(in.status());
  return Type::Struct(std::move(fields));
}

Result<Type> ReadList(JsonFields& in, int depth) {
  int32_t id = 0;
  bool required = false;
  Type element;
  in.Need("element-id", id);
  in.NeedBy("element", element, [&](const json::value& v) { return ReadType(v, depth + 1); });
  in.Get("element-required", required);
  RETURN_IF_ERROR(in.status());
  return Type::List(id, std::move(element), required);
}

Result<Type> ReadMap(JsonFields& in, int depth) {
  int32_t key_id = 0;
  int32_t value_id = 0;
  bool required = false;
  Type key;
  Type value;
  in.Need("key-id", key_id);
  in.NeedBy("key", key, [&](const json::value& v) { return ReadType(v, depth + 1); });
  in.Need("value-id", value_id);
  in.NeedBy("value", value, [&](const json::value& v) { return ReadType(v, depth + 1); });
  in.Get("value-required", required);
  RETURN_IF_ERROR(in.status());
  return Type::Map(key_id, std::move(key), value_id, std::move(value), required);
}

Result<Type> ReadType(const json::value& value, int depth) {
  if (depth > kNestingMax) {
    return Fail(ErrorCode::kInvalidTable, "a type is nested too deep: max={}", kNestingMax);
  }
  if (value.is_string()) return PrimitiveFromText(value.get_string());
  JsonFields in(value, "a type");
  std::string kind;
  in.Need("type", kind);
  RETURN_IF_ERROR(in.status());
  if (kind == "struct") return ReadStruct(in, depth);
  if (kind == "list") return ReadList(in, depth);
  if (kind == "map") return ReadMap(in, depth);
  return Fail(ErrorCode::kInvalidTable, "not an iceberg type: type={:.200}", kind);
}

}  // namespace

json::object ToJson(const Field& field) {
  json::object out{{"id", field.id},
                   {"name", field.name},
                   {"required", field.required},
                   {"type", ToJson(field.type)}};
  if (field.doc) out["doc"] = *field.doc;
  if (field.initial_default) out["initial-default"] = ToJson(*field.initial_default);
  if (field.write_default) out["write-default"] = ToJson(*field.write_default);
  return out;
}

json::value ToJson(const Type& type) {
  switch (type.id) {
    case TypeId::kStruct: {
      json::object out{{"type", "struct"}};
      out["fields"] = ArrayToJson(type.fields());
      return out;
    }
    case TypeId::kList: {
      const Field& element = type.element();
      return json::object{{"type", "list"},
                          {"element-id", element.id},
                          {"element", ToJson(element.type)},
                          {"element-required", element.required}};
    }
    case TypeId::kMap:
      return json::object{{"type", "map"},
                          {"key-id", type.key().id},
                          {"key", ToJson(type.key().type)},
                          {"value-id", type.value().id},
                          {"value", ToJson(type.value().type)},
                          {"value-required", type.value().required}};
    default:
      return json::value(type.ToString());
  }
}

Result<Type> TypeFromJson(const json::value& value) { return ReadType(value, 0); }

}  // namespace weir::iceberg
