#include "record/data_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace weir {
namespace {

struct KindName {
  std::string_view root;  // in JSON
  std::string_view sql;
};

// In the order of TypeKind.
constexpr std::array<KindName, 19> kKindNames = {{
    {"BOOLEAN", "BOOLEAN"},
    {"TINYINT", "TINYINT"},
    {"SMALLINT", "SMALLINT"},
    {"INTEGER", "INT"},
    {"BIGINT", "BIGINT"},
    {"FLOAT", "FLOAT"},
    {"DOUBLE", "DOUBLE"},
    {"CHAR", "CHAR"},
    {"STRING", "STRING"},
    {"BINARY", "BINARY"},
    {"BYTES", "BYTES"},
    {"DECIMAL", "DECIMAL"},
    {"DATE", "DATE"},
    {"TIME_WITHOUT_TIME_ZONE", "TIME"},
    {"TIMESTAMP_WITHOUT_TIME_ZONE", "TIMESTAMP"},
    {"TIMESTAMP_WITH_LOCAL_TIME_ZONE", "TIMESTAMP_LTZ"},
    {"ARRAY", "ARRAY"},
    {"MAP", "MAP"},
    {"ROW", "ROW"},
}};
static_assert(kKindNames.size() == static_cast<size_t>(TypeKind::kRow) + 1);

/// Between `quote`s, doubled inside.
std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += quote;
  }
  return out + quote;
}

std::string RowText(std::span<const Field> fields) {
  std::string out = "ROW<";
  for (const Field& field : fields) {
    if (&field != fields.data()) out += ", ";
    out += Quoted(field.name, '`') + " " + field.type.ToString();
    if (field.comment) out += " " + Quoted(*field.comment, '\'');
  }
  return out + ">";
}

std::string TextWithoutNullability(const DataType& type) {
  const std::string_view name = kKindNames[static_cast<size_t>(type.kind)].sql;
  switch (type.kind) {
    case TypeKind::kChar:
    case TypeKind::kBinary:
      return fmt::format("{}({})", name, type.length);
    case TypeKind::kDecimal:
      return fmt::format("{}({}, {})", name, type.precision, type.scale);
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return fmt::format("{}({})", name, type.precision);
    case TypeKind::kArray:
      return fmt::format("ARRAY<{}>", type.element().ToString());
    case TypeKind::kMap:
      return fmt::format("MAP<{}, {}>", type.key().ToString(), type.value().ToString());
    case TypeKind::kRow:
      return RowText(type.fields());
    default:
      return std::string(name);
  }
}

Status CheckTypeAt(const DataType& type, int depth) {
  const auto out_of_range = [&] {
    return Fail(ErrorCode::kInvalidTable, "type is out of range: {}", type.ToString());
  };
  if (depth > kTypeDepthMax) {
    return Fail(ErrorCode::kInvalidTable, "type is nested too deep: levels_max={}", kTypeDepthMax);
  }
  switch (type.kind) {
    case TypeKind::kChar:
    case TypeKind::kBinary:
      if (type.length < 1) return out_of_range();
      break;
    case TypeKind::kDecimal:
      if (type.precision < 1 || type.precision > 38 || type.scale < 0 ||
          type.scale > type.precision) {
        return out_of_range();
      }
      break;
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (type.precision < 0 || type.precision > 9) return out_of_range();
      break;
    default:
      break;
  }
  for (const Field& field : type.fields()) RETURN_IF_ERROR(CheckTypeAt(field.type, depth + 1));
  return {};
}

DataType WithChildren(TypeKind kind, std::vector<Field> children) {
  DataType type = DataType::Of(kind);
  type.nested = std::make_shared<const std::vector<Field>>(std::move(children));
  return type;
}

}  // namespace

DataType DataType::Array(DataType element) {
  return WithChildren(TypeKind::kArray, {Field{.name = "element", .type = std::move(element)}});
}

DataType DataType::Map(const DataType& key, DataType value) {
  return WithChildren(TypeKind::kMap, {Field{.name = "key", .type = key.NotNull()},
                                       Field{.name = "value", .type = std::move(value)}});
}

DataType DataType::Row(std::vector<Field> fields) {
  return WithChildren(TypeKind::kRow, std::move(fields));
}

std::string DataType::ToString() const {
  return TextWithoutNullability(*this) + (nullable ? "" : " NOT NULL");
}

DataType DataType::NotNull() const {
  DataType out = *this;
  out.nullable = false;
  return out;
}

const DataType& DataType::element() const { return (*nested)[0].type; }
const DataType& DataType::key() const { return (*nested)[0].type; }
const DataType& DataType::value() const { return (*nested)[1].type; }

std::span<const Field> DataType::fields() const {
  return nested ? std::span<const Field>(*nested) : std::span<const Field>();
}

bool operator==(const DataType& a, const DataType& b) {
  return a.kind == b.kind && a.nullable == b.nullable && a.length == b.length &&
         a.precision == b.precision && a.scale == b.scale &&
         (a.nested == b.nested || std::ranges::equal(a.fields(), b.fields()));
}

std::string_view RootName(TypeKind kind) { return kKindNames[static_cast<size_t>(kind)].root; }

Status CheckType(const DataType& type) { return CheckTypeAt(type, 0); }

}  // namespace weir
