#include "cli/value_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "record/binary_array.h"
#include "record/decimal.h"

namespace weir {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr int64_t kMsPerDay = 86'400'000;

void AppendHex(BytesView bytes, std::string& out) {
  out += '"';
  for (const char c : bytes) {
    out += kHex[static_cast<uint8_t>(c) >> 4];
    out += kHex[static_cast<uint8_t>(c) & 15];
  }
  out += '"';
}

void AppendDate(int64_t days, std::string& out) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  out += fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// "01:02:03" and as many digits of the fraction as the precision has, at least what is not zero.
void AppendTime(int64_t ms_of_day, int32_t nanos, std::string& out) {
  out += fmt::format("{:02}:{:02}:{:02}", ms_of_day / 3'600'000, ms_of_day / 60'000 % 60,
                     ms_of_day / 1000 % 60);
  const int64_t fraction = ms_of_day % 1000 * 1'000'000 + nanos;
  if (fraction == 0) return;
  std::string digits = fmt::format(".{:09}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += digits;
}

void AppendTimestamp(const Value& value, std::string& out) {
  const int64_t ms = value.timestamp_ms();
  const int64_t days = ms >= 0 ? ms / kMsPerDay : -((-ms + kMsPerDay - 1) / kMsPerDay);
  AppendDate(days, out);
  out += ' ';
  AppendTime(ms - days * kMsPerDay, value.timestamp_nanos(), out);
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
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%d-%u-%u", &year, &month, &day) != 3) return NotA(type, text);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return NotA(type, text);
  return Value::Int(std::chrono::sys_days(date).time_since_epoch().count());
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
      AppendDate(value.integer(), out);
      out += '"';
      return {};
    case TypeKind::kTime:
      out += '"';
      AppendTime(value.integer(), 0, out);
      out += '"';
      return {};
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      out += '"';
      AppendTimestamp(value, out);
      out += type.kind == TypeKind::kTimestamp ? "\"" : "Z\"";
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
