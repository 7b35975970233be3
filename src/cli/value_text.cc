#include "cli/value_text.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "record/binary_array.h"
#include "record/civil_date.h"
#include "record/decimal.h"

namespace weir {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kBeforeChrist = " (BC)";

void AppendHex(BytesView bytes, std::string& out) {
  out += '"';
  for (const char c : bytes) {
    out += kHex[static_cast<uint8_t>(c) >> 4];
    out += kHex[static_cast<uint8_t>(c) & 15];
  }
  out += '"';
}

/// As SQL writes it: years before 1 count backwards from "0001 (BC)".
void AppendDate(const CivilDate& date, std::string& out) {
  const bool before_christ = date.year < 1;
  out += fmt::format("{:04}-{:02}-{:02}{}", before_christ ? 1 - date.year : date.year, date.month,
                     date.day, before_christ ? kBeforeChrist : "");
}

/// SQL says so of the largest count of days, micro- or nanoseconds, and of its negative.
bool AppendInfinity(Int128 value, Int128 infinity, std::string& out) {
  if (value != infinity && value != -infinity) return false;
  out += value > 0 ? "infinity" : "-infinity";
  return true;
}

/// "01:02:03" and as many digits of the fraction as are not zero at the end.
void AppendTime(const CivilTime& time, std::string& out) {
  out += fmt::format("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
  if (time.nanos == 0) return;
  std::string digits = fmt::format(".{:09}", time.nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += digits;
}

void AppendTimestamp(const DataType& type, const Value& value, std::string& out) {
  const int64_t ms = value.timestamp_ms();
  const int32_t nanos = value.timestamp_nanos();
  const bool utc = type.kind == TypeKind::kTimestampLtz;
  // SQL counts in microseconds, of TIMESTAMP(7) and finer in nanoseconds.
  const bool fine = !utc && type.precision > 6;
  const Int128 units = fine ? Int128{ms} * 1'000'000 + nanos : Int128{ms} * 1000 + nanos / 1000;
  if (AppendInfinity(units, INT64_MAX, out)) return;
  const CivilTime time = TimeOfTimestamp(ms, nanos);
  AppendDate(time.date, out);
  out += ' ';
  AppendTime(time, out);
  if (utc) out += 'Z';
}

template <class T>
void AppendFloat(T value, std::string& out) {
  // JSON has no words for these; strings keep the line readable.
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    out += fmt::format("{}", value);
}

Status AppendArrayJson(const DataType& type, const Value& value, std::string& out) {
  ASSIGN_OR_RETURN(const ArrayView array, OpenArray(value, type));
  out += '[';
  for (int32_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ',';
    ASSIGN_OR_RETURN(const Value element, array.At(i));
    RETURN_IF_ERROR(AppendJson(type.element(), element, out));
  }
  out += ']';
  return {};
}

Status AppendMapJson(const DataType& type, const Value& value, std::string& out) {
  ASSIGN_OR_RETURN(const MapView map, OpenMap(value, type));
  const bool object = type.key().kind == TypeKind::kString || type.key().kind == TypeKind::kChar;
  out += object ? '{' : '[';
  for (int32_t i = 0; i < map.keys.size(); ++i) {
    if (i > 0) out += ',';
    ASSIGN_OR_RETURN(const Value key, map.keys.At(i));
    ASSIGN_OR_RETURN(const Value entry, map.values.At(i));
    if (!object) out += '[';
    RETURN_IF_ERROR(AppendJson(type.key(), key, out));
    out += object ? ':' : ',';
    RETURN_IF_ERROR(AppendJson(type.value(), entry, out));
    if (!object) out += ']';
  }
  out += object ? '}' : ']';
  return {};
}

Status AppendNestedRowJson(const DataType& type, const Value& value, std::string& out) {
  std::vector<Value> fields(type.fields().size());
  RETURN_IF_ERROR(OpenRow(value, type, fields));
  out += '{';
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(type.fields()[i].name, out);
    out += ':';
    RETURN_IF_ERROR(AppendJson(type.fields()[i].type, fields[i], out));
  }
  out += '}';
  return {};
}

Failure NotA(const DataType& type, std::string_view text) {
  return Fail(ErrorCode::kCorruptRecord, "not a {}: {}", type.ToString(), text);
}

Result<Value> ParseInteger(const DataType& type, std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return NotA(type, text);
  return Value::Int(number);
}

Result<Value> ParseDate(const DataType& type, std::string_view text) {
  CivilDate date;
  std::string_view rest = text;
  const auto take = [&rest](auto& number) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return error == std::errc();
  };
  const auto dash = [&rest] {
    const bool there = rest.starts_with('-');
    if (there) rest.remove_prefix(1);
    return there;
  };
  if (!take(date.year) || !dash() || !take(date.month) || !dash() || !take(date.day))
    return NotA(type, text);
  if (rest == kBeforeChrist) {
    date.year = 1 - date.year;
  } else if (!rest.empty()) {
    return NotA(type, text);
  }
  constexpr int64_t kYearMax = 6'000'000;  // 2^31 days end in the year 5881580
  if (date.year > kYearMax || date.year < -kYearMax) return NotA(type, text);
  const std::optional<int64_t> days = DaysOfDate(date);
  if (!days || *days > INT32_MAX || *days < INT32_MIN) return NotA(type, text);
  return Value::Int(*days);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

Status AppendJson(const DataType& type, const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
    return {};
  }
  switch (type.kind) {
    case TypeKind::kBoolean:
      out += value.boolean() ? "true" : "false";
      return {};
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      out += fmt::format("{}", value.integer());
      return {};
    case TypeKind::kFloat:
      AppendFloat(value.float32(), out);
      return {};
    case TypeKind::kDouble:
      AppendFloat(value.float64(), out);
      return {};
    case TypeKind::kChar:
    case TypeKind::kString:
      AppendJsonString(value.bytes(), out);
      return {};
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      AppendHex(value.bytes(), out);
      return {};
    case TypeKind::kDecimal: {
      ASSIGN_OR_RETURN(const Int128 unscaled, UnscaledOf(value));
      out += DecimalToText(unscaled, type.scale);
      return {};
    }
    case TypeKind::kDate:
      out += '"';
      if (!AppendInfinity(value.integer(), INT32_MAX, out))
        AppendDate(DateOfDays(value.integer()), out);
      out += '"';
      return {};
    case TypeKind::kTime:
      out += '"';
      AppendTime(TimeOfTimestamp(value.integer(), 0), out);
      out += '"';
      return {};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      out += '"';
      AppendTimestamp(type, value, out);
      out += '"';
      return {};
    case TypeKind::kArray:
      return AppendArrayJson(type, value, out);
    case TypeKind::kMap:
      return AppendMapJson(type, value, out);
    case TypeKind::kRow:
      return AppendNestedRowJson(type, value, out);
  }
  return {};
}

Status AppendJsonRow(const Schema& schema, std::span<const int> positions,
                     std::span<const Value> values, std::string& out) {
  out += '{';
  for (size_t i = 0; i < values.size(); ++i) {
    const Column& column = schema.column(positions.empty() ? i : static_cast<size_t>(positions[i]));
    if (i > 0) out += ',';
    AppendJsonString(column.name, out);
    out += ':';
    RETURN_IF_ERROR(AppendJson(column.type, values[i], out));
  }
  out += '}';
  return {};
}

Result<Value> ParseValue(const DataType& type, std::string_view text) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      if (text != "true" && text != "false") return NotA(type, text);
      return Value::Bool(text == "true");
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return ParseInteger(type, text);
    case TypeKind::kChar:
    case TypeKind::kString:
      return Value::Bytes(text);
    case TypeKind::kDate:
      return ParseDate(type, text);
    case TypeKind::kDecimal: {
      if (!type.is_compact_decimal()) break;
      ASSIGN_OR_RETURN(const Int128 unscaled, DecimalFromText(text, type.precision, type.scale));
      return Value::Int(static_cast<int64_t>(unscaled));
    }
    default:
      break;
  }
  return Fail(ErrorCode::kInvalidTable,
              "keys of this type cannot be typed in; use weir sql: type={}", type.ToString());
}

}  // namespace weir
