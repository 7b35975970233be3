#include "lake/avro_type.h"

#include <boost/json.hpp>
#include <map>
#include <utility>

#include "record/schema_json.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 32;
constexpr int32_t kFixedBytesMax = 1 << 20;
constexpr size_t kTypesMax = 20'000;

Failure BadSchema(std::string_view what) {
  return Fail(ErrorCode::kCorruptRecord, "avro schema is not valid: {}", what);
}

std::optional<AvroKind> PrimitiveKind(std::string_view name) {
  constexpr std::pair<std::string_view, AvroKind> kPrimitives[] = {
      {"null", AvroKind::kNull},   {"boolean", AvroKind::kBoolean}, {"int", AvroKind::kInt},
      {"long", AvroKind::kLong},   {"float", AvroKind::kFloat},     {"double", AvroKind::kDouble},
      {"bytes", AvroKind::kBytes}, {"string", AvroKind::kString},
  };
  for (const auto& [text, kind] : kPrimitives) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

std::optional<int32_t> IntMember(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  if (found->get_int64() < 0 || found->get_int64() > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(found->get_int64());
}

class SchemaParser {
 public:
  explicit SchemaParser(std::span<const AvroFieldId> known) : known_(known) {}

  Result<AvroTypePtr> Parse(const json::value& value, int depth) {
    if (depth > kDepthMax) return BadSchema("nested too deep");
    if (++types_ > kTypesMax) return BadSchema("too large");
    if (value.is_string()) return Named(value.get_string());
    if (value.is_array()) return Union(value.get_array(), depth);
    if (value.is_object()) return Complex(value.get_object(), depth);
    return BadSchema("a type is neither text, array nor object");
  }

 private:
  Result<AvroTypePtr> Named(std::string_view name) {
    if (const auto kind = PrimitiveKind(name)) return Make({.kind = *kind});
    const auto found = named_.find(name);
    if (found == named_.end()) return BadSchema("a name is unknown or refers to itself");
    return found->second;
  }

  Result<AvroTypePtr> Union(const json::array& branches, int depth) {
    AvroType type{.kind = AvroKind::kUnion};
    for (const json::value& branch : branches) {
      ASSIGN_OR_RETURN(AvroTypePtr part, Parse(branch, depth + 1));
      if (part->kind == AvroKind::kUnion) return BadSchema("a union holds a union");
      type.parts.push_back(std::move(part));
    }
    if (type.parts.empty()) return BadSchema("a union is empty");
    return Make(std::move(type));
  }

  Result<AvroTypePtr> Complex(const json::object& object, int depth) {
    const json::value* kind = object.if_contains("type");
    if (kind == nullptr) return BadSchema("a type has no kind");
    if (!kind->is_string()) return Parse(*kind, depth + 1);
    const std::string_view name = kind->get_string();
    if (name == "record") return Record(object, depth);
    if (name == "array") return Container(object, "items", AvroKind::kArray, depth);
    if (name == "map") return Container(object, "values", AvroKind::kMap, depth);
    if (name == "fixed") return Fixed(object);
    if (name == "enum") return Enum(object);
    return Named(name);
  }

  Result<AvroTypePtr> Container(const json::object& object, std::string_view key, AvroKind kind,
                                int depth) {
    const json::value* inner = object.if_contains(key);
    if (inner == nullptr) return BadSchema("a container has no element type");
    ASSIGN_OR_RETURN(AvroTypePtr part, Parse(*inner, depth + 1));
    return Make({.kind = kind, .parts = {std::move(part)}});
  }

  Result<AvroTypePtr> Fixed(const json::object& object) {
    const auto size = IntMember(object, "size");
    if (!size || *size > kFixedBytesMax) return BadSchema("a fixed type has no usable size");
    return Remember(object, {.kind = AvroKind::kFixed, .fixed_bytes = *size});
  }

  Result<AvroTypePtr> Enum(const json::object& object) {
    const json::value* symbols = object.if_contains("symbols");
    if (symbols == nullptr || !symbols->is_array()) return BadSchema("an enum has no symbols");
    return Remember(object, {.kind = AvroKind::kEnum,
                             .symbols = static_cast<int32_t>(symbols->get_array().size())});
  }

  Result<AvroTypePtr> Record(const json::object& object, int depth) {
    const json::value* fields = object.if_contains("fields");
    if (fields == nullptr || !fields->is_array()) return BadSchema("a record has no fields");
    AvroType type{.kind = AvroKind::kRecord};
    for (const json::value& field : fields->get_array()) {
      if (!field.is_object()) return BadSchema("a field is not an object");
      ASSIGN_OR_RETURN(AvroField parsed, Field(field.get_object(), depth));
      type.fields.push_back(std::move(parsed));
    }
    return Remember(object, std::move(type));
  }

  Result<AvroField> Field(const json::object& object, int depth) {
    const json::value* name = object.if_contains("name");
    const json::value* type = object.if_contains("type");
    if (name == nullptr || !name->is_string() || type == nullptr) {
      return BadSchema("a field lacks its name or type");
    }
    AvroField field{.name = std::string(name->get_string())};
    ASSIGN_OR_RETURN(field.type, Parse(*type, depth + 1));
    field.field_id = IntMember(object, "field-id").value_or(-1);
    for (const AvroFieldId& entry : known_) {
      if (field.field_id < 0 && entry.name == field.name) field.field_id = entry.field_id;
    }
    return field;
  }

  /// Named types are known by their name only once complete, so nothing can refer to itself.
  Result<AvroTypePtr> Remember(const json::object& object, AvroType type) {
    AvroTypePtr made = Make(std::move(type));
    const json::value* name = object.if_contains("name");
    if (name == nullptr || !name->is_string()) return BadSchema("a named type has no name");
    named_[std::string(name->get_string())] = made;
    return made;
  }

  static AvroTypePtr Make(AvroType type) {
    return std::make_shared<const AvroType>(std::move(type));
  }

  std::span<const AvroFieldId> known_;
  std::map<std::string, AvroTypePtr, std::less<>> named_;
  size_t types_ = 0;
};

}  // namespace

Result<AvroTypePtr> ParseAvroType(std::string_view text, std::span<const AvroFieldId> known) {
  const Result<json::value> document = ParseJson(text);
  if (!document.ok()) return BadSchema(document.error().message);
  return SchemaParser(known).Parse(*document, 0);
}

}  // namespace weir::iceberg
