#include "lake/avro_literal.h"

#include <fmt/format.h>

#include <cctype>

namespace weir::iceberg {
namespace {

constexpr size_t kUuidBytes = 16;

/// Bytes that hold any unscaled value of so many digits, big-endian two's complement.
int32_t DecimalBytes(int32_t precision) {
  Int128 limit = 1;
  for (int32_t i = 0; i < precision; ++i) limit *= 10;
  int32_t bytes = 1;
  while (bytes < 16 && limit - 1 >= Int128{1} << (8 * bytes - 1)) ++bytes;
  return bytes;
}

std::string DecimalText(Int128 unscaled, int32_t bytes) {
  std::string out(static_cast<size_t>(bytes), '\0');
  for (int32_t i = bytes; i-- > 0; unscaled >>= 8) {
    out[static_cast<size_t>(i)] = static_cast<char>(unscaled & 0xff);
  }
  return out;
}

std::optional<Int128> DecimalFrom(BytesView bytes) {
  if (bytes.empty() || bytes.size() > sizeof(Int128)) return std::nullopt;
  auto value = static_cast<Int128>(static_cast<int8_t>(bytes[0]));
  for (const char byte : bytes.substr(1)) {
    value = static_cast<Int128>(static_cast<unsigned __int128>(value) << 8 |
                                static_cast<uint8_t>(byte));
  }
  return value;
}

std::string NamedFixed(const std::string& name, int32_t size, std::string_view more,
                       std::set<std::string>& defined) {
  if (!defined.insert(name).second) return fmt::format(R"("{}")", name);
  return fmt::format(R"({{"type":"fixed","name":"{}","size":{}{}}})", name, size, more);
}

std::string Logical(std::string_view base, std::string_view logical, std::string_view more = {}) {
  return fmt::format(R"({{"type":"{}","logicalType":"{}"{}}})", base, logical, more);
}

std::optional<Literal> OwnLiteral(const AvroValue& value) {
  switch (value.kind()) {
    case AvroKind::kBoolean:
      return Literal::Bool(value.integer != 0);
    case AvroKind::kInt:
      return Literal::Int(static_cast<int32_t>(value.integer));
    case AvroKind::kLong:
      return Literal::Long(value.integer);
    case AvroKind::kFloat:
      return Literal::Float(static_cast<float>(value.number));
    case AvroKind::kDouble:
      return Literal::Double(value.number);
    case AvroKind::kString:
      return Literal::String(std::string(value.bytes));
    case AvroKind::kBytes:
    case AvroKind::kFixed:
      return Literal::Binary(std::string(value.bytes));
    default:
      return std::nullopt;
  }
}

bool IsInteger(const AvroValue& value) {
  return value.kind() == AvroKind::kInt || value.kind() == AvroKind::kLong;
}
bool IsNumber(const AvroValue& value) {
  return value.kind() == AvroKind::kFloat || value.kind() == AvroKind::kDouble;
}
bool IsBlob(const AvroValue& value) {
  return value.kind() == AvroKind::kBytes || value.kind() == AvroKind::kFixed ||
         value.kind() == AvroKind::kString;
}

/// Nothing when Avro's type does not hold values of `type`.
std::optional<Literal> TypedLiteral(const Type& type, const AvroValue& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      if (value.kind() != AvroKind::kBoolean) return std::nullopt;
      return Literal::Bool(value.integer != 0);
    case TypeId::kInt:
    case TypeId::kDate:
      if (!IsInteger(value) || value.integer != static_cast<int32_t>(value.integer)) {
        return std::nullopt;
      }
      return Literal(type, static_cast<int32_t>(value.integer));
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      if (!IsInteger(value)) return std::nullopt;
      return Literal(type, value.integer);
    case TypeId::kFloat:
      if (!IsNumber(value)) return std::nullopt;
      return Literal::Float(static_cast<float>(value.number));
    case TypeId::kDouble:
      if (!IsNumber(value)) return std::nullopt;
      return Literal::Double(value.number);
    case TypeId::kDecimal: {
      const auto unscaled = IsBlob(value) ? DecimalFrom(value.bytes) : std::nullopt;
      if (!unscaled) return std::nullopt;
      return Literal(type, *unscaled);
    }
    case TypeId::kString:
      if (value.kind() != AvroKind::kString) return std::nullopt;
      return Literal::String(std::string(value.bytes));
    case TypeId::kUuid:
      if (!IsBlob(value) || value.bytes.size() != kUuidBytes) return std::nullopt;
      return Literal::Uuid(std::string(value.bytes));
    case TypeId::kFixed:
    case TypeId::kBinary:
      if (!IsBlob(value)) return std::nullopt;
      return Literal(type, std::string(value.bytes));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string AvroTypeText(const Type& type, std::set<std::string>& defined) {
  constexpr std::string_view kLocal = R"(,"adjust-to-utc":false)";
  constexpr std::string_view kUtc = R"(,"adjust-to-utc":true)";
  switch (type.id) {
    case TypeId::kBoolean:
      return R"("boolean")";
    case TypeId::kInt:
      return R"("int")";
    case TypeId::kLong:
      return R"("long")";
    case TypeId::kFloat:
      return R"("float")";
    case TypeId::kDouble:
      return R"("double")";
    case TypeId::kDate:
      return Logical("int", "date");
    case TypeId::kTime:
      return Logical("long", "time-micros");
    case TypeId::kTimestamp:
      return Logical("long", "timestamp-micros", kLocal);
    case TypeId::kTimestamptz:
      return Logical("long", "timestamp-micros", kUtc);
    case TypeId::kTimestampNs:
      return Logical("long", "timestamp-nanos", kLocal);
    case TypeId::kTimestamptzNs:
      return Logical("long", "timestamp-nanos", kUtc);
    case TypeId::kUuid:
      return NamedFixed("uuid_fixed", kUuidBytes, R"(,"logicalType":"uuid")", defined);
    case TypeId::kFixed:
      return NamedFixed(fmt::format("fixed_{}", type.length), type.length, "", defined);
    case TypeId::kDecimal:
      return NamedFixed(fmt::format("decimal_{}_{}", type.precision, type.scale),
                        DecimalBytes(type.precision),
                        fmt::format(R"(,"logicalType":"decimal","precision":{},"scale":{})",
                                    type.precision, type.scale),
                        defined);
    case TypeId::kBinary:
      return R"("bytes")";
    default:
      return R"("string")";
  }
}

std::string AvroName(std::string_view name) {
  std::string out;
  for (const char raw : name) {
    const auto c = static_cast<unsigned char>(raw);
    if (c == '_' || std::isalpha(c) || (std::isdigit(c) && !out.empty())) {
      out += raw;
    } else if (std::isdigit(c)) {
      out += '_';
      out += raw;
    } else {
      out += fmt::format("_x{:X}", c);
    }
  }
  return out.empty() ? "_" : out;
}

std::optional<Literal> LiteralFromAvro(const Type& type, const AvroValue& value) {
  auto typed = TypedLiteral(type, value);
  return typed ? typed : OwnLiteral(value);
}

bool EncodeLiteral(const Type& type, const Literal& value, AvroEncoder& out) {
  if (value.type() != type) {
    const auto promoted = Promote(value, type);
    return promoted && promoted->type() == type && EncodeLiteral(type, *promoted, out);
  }
  switch (type.id) {
    case TypeId::kBoolean:
      out.Bool(value.get<bool>());
      return true;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      out.Long(value.AsInt64());
      return true;
    case TypeId::kFloat:
      out.Float(value.get<float>());
      return true;
    case TypeId::kDouble:
      out.Double(value.get<double>());
      return true;
    case TypeId::kDecimal:
      out.Fixed(DecimalText(value.get<Int128>(), DecimalBytes(type.precision)));
      return true;
    case TypeId::kUuid:
    case TypeId::kFixed: {
      const size_t bytes = type.id == TypeId::kUuid ? kUuidBytes : static_cast<size_t>(type.length);
      if (value.get<std::string>().size() != bytes) return false;
      out.Fixed(value.get<std::string>());
      return true;
    }
    case TypeId::kString:
    case TypeId::kBinary:
      out.String(value.get<std::string>());
      return true;
    default:
      return false;
  }
}

}  // namespace weir::iceberg
