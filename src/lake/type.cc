#include "lake/type.h"

#include <array>
#include <charconv>

#include "base/check.h"
#include "lake/literal.h"

namespace weir::iceberg {
namespace {

struct TypeName {
  TypeId id;
  std::string_view name;
};

constexpr std::array kPlainTypes = {
    TypeName{TypeId::kBoolean, "boolean"},
    TypeName{TypeId::kInt, "int"},
    TypeName{TypeId::kLong, "long"},
    TypeName{TypeId::kFloat, "float"},
    TypeName{TypeId::kDouble, "double"},
    TypeName{TypeId::kDate, "date"},
    TypeName{TypeId::kTime, "time"},
    TypeName{TypeId::kTimestamp, "timestamp"},
    TypeName{TypeId::kTimestamptz, "timestamptz"},
    TypeName{TypeId::kTimestampNs, "timestamp_ns"},
    TypeName{TypeId::kTimestamptzNs, "timestamptz_ns"},
    TypeName{TypeId::kString, "string"},
    TypeName{TypeId::kUuid, "uuid"},
    TypeName{TypeId::kBinary, "binary"},
    TypeName{TypeId::kUnknown, "unknown"},
    TypeName{TypeId::kVariant, "variant"},
    TypeName{TypeId::kGeometry, "geometry"},
    TypeName{TypeId::kGeography, "geography"},
};

std::string_view NameOf(TypeId id) {
  for (const TypeName& type : kPlainTypes) {
    if (type.id == id) return type.name;
  }
  return "?";
}

Failure NotAType(std::string_view text) {
  return Fail(ErrorCode::kInvalidTable, "not an iceberg type: type={:.200}", text);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<int32_t> NumberFromText(std::string_view text) {
  text = Trim(text);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What is between `prefix` and `suffix`, or nothing.
std::optional<std::string_view> Between(std::string_view text, std::string_view prefix,
                                        char suffix) {
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return std::nullopt;
  return text.substr(prefix.size(), text.size() - prefix.size() - 1);
}

Result<Type> DecimalFromText(std::string_view text, std::string_view inside) {
  const size_t comma = inside.find(',');
  if (comma == inside.npos) return NotAType(text);
  const auto precision = NumberFromText(inside.substr(0, comma));
  const auto scale = NumberFromText(inside.substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > 38 || *scale < 0 ||
      *scale > *precision) {
    return NotAType(text);
  }
  return Type::Decimal(*precision, *scale);
}

}  // namespace

Type Type::Struct(std::vector<Field> fields) {
  return {.id = TypeId::kStruct,
          .nested = std::make_shared<const std::vector<Field>>(std::move(fields))};
}

Type Type::List(int32_t element_id, Type element, bool element_required) {
  std::vector<Field> nested(1);
  nested[0] = {element_id, "element", element_required, std::move(element)};
  return {.id = TypeId::kList,
          .nested = std::make_shared<const std::vector<Field>>(std::move(nested))};
}

Type Type::Map(int32_t key_id, Type key, int32_t value_id, Type value, bool value_required) {
  std::vector<Field> nested(2);
  nested[0] = {key_id, "key", true, std::move(key)};
  nested[1] = {value_id, "value", value_required, std::move(value)};
  return {.id = TypeId::kMap,
          .nested = std::make_shared<const std::vector<Field>>(std::move(nested))};
}

std::span<const Field> Type::fields() const {
  return nested == nullptr ? std::span<const Field>() : std::span<const Field>(*nested);
}

const Field& Type::element() const {
  WEIR_CHECK(id == TypeId::kList);
  return (*nested)[0];
}
const Field& Type::key() const {
  WEIR_CHECK(id == TypeId::kMap);
  return (*nested)[0];
}
const Field& Type::value() const {
  WEIR_CHECK(id == TypeId::kMap);
  return (*nested)[1];
}

std::string Type::ToString() const {
  switch (id) {
    case TypeId::kDecimal:
      return fmt::format("decimal({}, {})", precision, scale);
    case TypeId::kFixed:
      return fmt::format("fixed[{}]", length);
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return parameters.empty() ? std::string(NameOf(id))
                                : fmt::format("{}({})", NameOf(id), parameters);
    case TypeId::kList:
      return fmt::format("list<{}>", element().type.ToString());
    case TypeId::kMap:
      return fmt::format("map<{}, {}>", key().type.ToString(), value().type.ToString());
    case TypeId::kStruct: {
      std::string out = "struct<";
      for (const Field& field : fields()) {
        if (out.size() > 7) out += ", ";
        out += fmt::format("{}: {}: {} {}", field.id, field.name,
                           field.required ? "required" : "optional", field.type.ToString());
      }
      return out + ">";
    }
    default:
      return std::string(NameOf(id));
  }
}

bool operator==(const Type& a, const Type& b) {
  if (a.id != b.id || a.precision != b.precision || a.scale != b.scale || a.length != b.length ||
      a.parameters != b.parameters) {
    return false;
  }
  if (a.nested == b.nested) return true;
  return a.nested != nullptr && b.nested != nullptr && *a.nested == *b.nested;
}

bool operator==(const Field& a, const Field& b) {
  const auto same = [](const std::shared_ptr<const Literal>& x,
                       const std::shared_ptr<const Literal>& y) {
    return x == y || (x != nullptr && y != nullptr && *x == *y);
  };
  return a.id == b.id && a.name == b.name && a.required == b.required && a.type == b.type &&
         a.doc == b.doc && same(a.initial_default, b.initial_default) &&
         same(a.write_default, b.write_default);
}

Result<Type> PrimitiveFromText(std::string_view text) {
  for (const TypeName& type : kPlainTypes) {
    if (type.name == text) return Type::Of(type.id);
  }
  if (const auto inside = Between(text, "decimal(", ')')) return DecimalFromText(text, *inside);
  if (const auto inside = Between(text, "fixed[", ']')) {
    const auto length = NumberFromText(*inside);
    if (!length || *length < 0) return NotAType(text);
    return Type::Fixed(*length);
  }
  for (const TypeId id : {TypeId::kGeometry, TypeId::kGeography}) {
    if (const auto inside = Between(text, std::string(NameOf(id)) + "(", ')')) {
      if (inside->size() > 256) return NotAType(text);
      Type type = Type::Of(id);
      type.parameters = *inside;
      return type;
    }
  }
  return NotAType(text);
}

bool CanPromote(const Type& from, const Type& to) {
  if (from == to) return true;
  switch (from.id) {
    case TypeId::kInt:
      return to.id == TypeId::kLong;
    case TypeId::kFloat:
      return to.id == TypeId::kDouble;
    case TypeId::kDecimal:
      return to.id == TypeId::kDecimal && from.scale == to.scale && from.precision <= to.precision;
    case TypeId::kDate:
      return to.id == TypeId::kTimestamp || to.id == TypeId::kTimestampNs;
    case TypeId::kUnknown:
      return to.is_primitive();
    default:
      return false;
  }
}

int FormatVersionOf(const Type& type) {
  switch (type.id) {
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return 3;
    default:
      break;
  }
  for (const Field& field : type.fields()) {
    if (FormatVersionOf(field.type) == 3 || field.initial_default != nullptr) return 3;
  }
  return 1;
}

}  // namespace weir::iceberg
