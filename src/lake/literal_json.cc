// Literals as JSON and as text. Source: Iceberg table specification, appendix D "JSON single-value serialization".
#include <cmath>
#include <limits>

#include "base/hex.h"
#include "base/utf8.h"
#include "lake/json_fields.h"
#include "lake/literal.h"
#include "lake/literal_text.h"
#include "record/decimal.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kNanos = 1'000'000'000;

std::string DoubleText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

/// JSON has no word for them.
std::optional<double> SpecialDouble(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

/// Every kind that appears as a JSON string; nothing for the others.
std::optional<std::string> StringForm(const Literal& literal) {
  switch (literal.type().id) {
    case TypeId::kDecimal:
      return DecimalToText(literal.get<Int128>(), literal.type().scale);
    case TypeId::kDate:
      return DateToText(literal.AsInt64());
    case TypeId::kTime:
      return TimeToText(literal.AsInt64());
    case TypeId::kTimestamp:
      return TimestampToText(literal.AsInt64(), kMicros, Zone::kNone);
    case TypeId::kTimestamptz:
      return TimestampToText(literal.AsInt64(), kMicros, Zone::kUtc);
    case TypeId::kTimestampNs:
      return TimestampToText(literal.AsInt64(), kNanos, Zone::kNone);
    case TypeId::kTimestamptzNs:
      return TimestampToText(literal.AsInt64(), kNanos, Zone::kUtc);
    case TypeId::kString:
      return literal.get<std::string>();
    case TypeId::kUuid:
      return UuidToText(literal.get<std::string>());
    default:
      return std::nullopt;
  }
}

std::optional<Literal> FromText(const Type& type, std::string_view text) {
  const auto timed = [&](std::optional<int64_t> value) -> std::optional<Literal> {
    if (!value) return std::nullopt;
    return Literal(type, *value);
  };
  switch (type.id) {
    case TypeId::kDecimal:
      return DecimalLiteral(text, type);
    case TypeId::kDate: {
      const auto days = DateFromText(text);
      if (!days) return std::nullopt;
      return Literal(type, *days);
    }
    case TypeId::kTime:
      return timed(TimeFromText(text));
    case TypeId::kTimestamp:
      return timed(TimestampFromText(text, kMicros, Zone::kNone));
    case TypeId::kTimestamptz:
      return timed(TimestampFromText(text, kMicros, Zone::kUtc));
    case TypeId::kTimestampNs:
      return timed(TimestampFromText(text, kNanos, Zone::kNone));
    case TypeId::kTimestamptzNs:
      return timed(TimestampFromText(text, kNanos, Zone::kUtc));
    case TypeId::kString:
      return Literal(type, std::string(text));
    case TypeId::kUuid: {
      auto bytes = UuidFromText(text);
      if (!bytes) return std::nullopt;
      return Literal(type, std::move(*bytes));
    }
    case TypeId::kFixed:
    case TypeId::kBinary: {
      auto bytes = FromHex(text);
      if (!bytes ||
          (type.id == TypeId::kFixed && bytes->size() != static_cast<size_t>(type.length))) {
        return std::nullopt;
      }
      return Literal(type, std::move(*bytes));
    }
    case TypeId::kFloat:
    case TypeId::kDouble: {
      const auto special = SpecialDouble(text);
      if (!special) return std::nullopt;
      if (type.id == TypeId::kFloat) return Literal(type, static_cast<float>(*special));
      return Literal(type, *special);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> NumberOf(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return std::nullopt;
}

std::optional<Literal> FromNumber(const Type& type, const json::value& value) {
  switch (type.id) {
    case TypeId::kInt:
      if (!value.is_int64() || value.get_int64() < INT32_MIN || value.get_int64() > INT32_MAX) {
        return std::nullopt;
      }
      return Literal(type, static_cast<int32_t>(value.get_int64()));
    case TypeId::kLong:
      if (!value.is_int64()) return std::nullopt;
      return Literal(type, value.get_int64());
    case TypeId::kFloat: {
      const auto number = NumberOf(value);
      if (!number) return std::nullopt;
      // A double beyond the floats would be undefined to convert.
      if (std::abs(*number) > std::numeric_limits<float>::max()) return std::nullopt;
      return Literal(type, static_cast<float>(*number));
    }
    case TypeId::kDouble: {
      const auto number = NumberOf(value);
      if (!number) return std::nullopt;
      return Literal(type, *number);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

json::value ToJson(const Literal& literal) {
  if (auto text = StringForm(literal)) return json::value(*text);
  switch (literal.type().id) {
    case TypeId::kBoolean:
      return literal.get<bool>();
    case TypeId::kInt:
    case TypeId::kLong:
      return literal.AsInt64();
    case TypeId::kFloat:
    case TypeId::kDouble:
      if (!std::isfinite(literal.AsDouble())) return json::value(DoubleText(literal.AsDouble()));
      return literal.AsDouble();
    case TypeId::kStruct:
      return json::object();
    default:
      return json::value(ToHex(literal.get<std::string>()));
  }
}

Result<Literal> LiteralFromJson(const Type& type, const json::value& value) {
  std::optional<Literal> out;
  if (value.is_bool() && type.id == TypeId::kBoolean) out = Literal(type, value.get_bool());
  if (value.is_string()) out = FromText(type, value.get_string());
  if (value.is_number()) out = FromNumber(type, value);
  if (type.id == TypeId::kStruct && value.is_object() && value.get_object().empty()) {
    out = Literal(type, std::monostate());
  }
  if (!out) {
    return Fail(ErrorCode::kInvalidTable, "not a value of the type: type={:.200} value={:.200}",
                type.ToString(), json::serialize(value));
  }
  return *std::move(out);
}

std::string ToText(const Literal& literal) {
  if (auto text = StringForm(literal)) return *std::move(text);
  switch (literal.type().id) {
    case TypeId::kBoolean:
      return literal.get<bool>() ? "true" : "false";
    case TypeId::kInt:
    case TypeId::kLong:
      return fmt::format("{}", literal.AsInt64());
    case TypeId::kFloat:
      return std::isfinite(literal.get<float>()) ? fmt::format("{}", literal.get<float>())
                                                 : DoubleText(literal.AsDouble());
    case TypeId::kDouble:
      return DoubleText(literal.AsDouble());
    case TypeId::kStruct:
      return "{}";
    default:
      return ToBase64(literal.get<std::string>());
  }
}

}  // namespace weir::iceberg
