#include "record/partition_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/hex.h"
#include "record/civil_date.h"
#include "record/java_text.h"

namespace weir {
namespace {

constexpr char kSeparator = '$';

template <class T>
std::string FloatText(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  std::string text = JavaText(value);
  std::ranges::replace(text, '.', '_');
  return text;
}

std::string DateText(const CivilDate& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string TimeText(int64_t ms) {
  return fmt::format("{:02}-{:02}-{:02}_{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

std::string TimestampText(int64_t ms, int32_t nanos) {
  const CivilTime t = TimeOfTimestamp(ms, nanos);
  std::string fraction = fmt::format("{:09}", t.nanos);
  fraction.resize(fraction.find_last_not_of('0') + 1);
  return fmt::format("{}-{:02}-{:02}-{:02}_{}", DateText(t.date), t.hour, t.minute, t.second,
                     fraction);
}

std::optional<Value> ParseInteger(std::string_view text, int64_t min, int64_t max) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < min || value > max) return std::nullopt;
  return Value::Int(value);
}

template <class T>
std::optional<T> ParseFloat(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "Inf") return std::numeric_limits<T>::infinity();
  if (text == "-Inf") return -std::numeric_limits<T>::infinity();
  std::string number(text);
  std::ranges::replace(number, '_', '.');
  T value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return value;
}

/// Reads "2024-01-31-22_5" piece by piece.
class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : rest_(text) {}

  /// One to `digits_max` digits of a number in [0, max].
  bool Number(size_t digits_max, int64_t max, int64_t& value) {
    size_t digits = 0;
    value = 0;
    while (digits < rest_.size() && digits < digits_max && IsDigit(rest_[digits])) {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits > 0 && value <= max;
  }
  /// Up to nine digits behind the point, none meaning 0; in nanoseconds.
  bool Fraction(int64_t& nanos) {
    const size_t digits = rest_.size();
    if (digits > 9) return false;
    nanos = 0;
    if (digits > 0 && !Number(9, 999'999'999, nanos)) return false;
    for (size_t i = digits; i < 9; ++i) nanos *= 10;
    return true;
  }
  bool Symbol(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view rest_;
};

std::optional<int64_t> ReadDays(TextCursor& in) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!in.Number(6, 999'999, year) || !in.Symbol('-') || !in.Number(2, 12, month) ||
      !in.Symbol('-') || !in.Number(2, 31, day)) {
    return std::nullopt;
  }
  return DaysOfDate({.year = year, .month = static_cast<int>(month), .day = static_cast<int>(day)});
}

std::optional<int64_t> ReadSecondOfDay(TextCursor& in) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!in.Number(2, 23, hour) || !in.Symbol('-') || !in.Number(2, 59, minute) || !in.Symbol('-') ||
      !in.Number(2, 59, second)) {
    return std::nullopt;
  }
  return hour * 3600 + minute * 60 + second;
}

std::optional<Value> ParseDate(std::string_view text) {
  TextCursor in(text);
  const auto days = ReadDays(in);
  if (!days || !in.done()) return std::nullopt;
  return Value::Int(*days);
}

std::optional<Value> ParseTime(std::string_view text) {
  TextCursor in(text);
  const auto second = ReadSecondOfDay(in);
  int64_t ms = 0;
  if (!second || !in.Symbol('_') || !in.Number(3, 999, ms) || !in.done()) return std::nullopt;
  return Value::Int(*second * 1000 + ms);
}

/// Time and fraction may be missing, as in Java.
std::optional<Value> ParseTimestamp(std::string_view text) {
  TextCursor in(text);
  const auto days = ReadDays(in);
  if (!days) return std::nullopt;
  std::optional<int64_t> second = 0;
  int64_t nanos = 0;
  if (!in.done()) {
    if (!in.Symbol('-')) return std::nullopt;
    second = ReadSecondOfDay(in);
    if (!second || (!in.done() && (!in.Symbol('_') || !in.Fraction(nanos)))) return std::nullopt;
  }
  const int64_t ms = *days * 86'400'000 + *second * 1000 + nanos / 1'000'000;
  return Value::Timestamp(ms, static_cast<int32_t>(nanos % 1'000'000));
}

template <class T>
std::optional<Value> ValueOf(std::optional<T> number, Value (*make)(T)) {
  if (!number) return std::nullopt;
  return make(*number);
}

std::optional<Value> ParseBytes(std::string_view text, std::string& bytes) {
  auto parsed = FromHex(text);
  if (!parsed) return std::nullopt;
  bytes = std::move(*parsed);
  return Value::Bytes(bytes);
}

std::optional<Value> ParseBoolean(std::string_view text) {
  if (text != "true" && text != "false") return std::nullopt;
  return Value::Bool(text == "true");
}

std::optional<Value> ParseText(std::string_view text, TypeKind kind, std::string& bytes) {
  switch (kind) {
    case TypeKind::kChar:
    case TypeKind::kString:
      return text.empty() ? std::nullopt : std::optional(Value::Bytes(text));
    case TypeKind::kBoolean:
      return ParseBoolean(text);
    case TypeKind::kTinyInt:
      return ParseInteger(text, INT8_MIN, INT8_MAX);
    case TypeKind::kSmallInt:
      return ParseInteger(text, INT16_MIN, INT16_MAX);
    case TypeKind::kInt:
      return ParseInteger(text, INT32_MIN, INT32_MAX);
    case TypeKind::kBigInt:
      return ParseInteger(text, INT64_MIN, INT64_MAX);
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return ParseBytes(text, bytes);
    case TypeKind::kFloat:
      return ValueOf(ParseFloat<float>(text), &Value::Float);
    case TypeKind::kDouble:
      return ValueOf(ParseFloat<double>(text), &Value::Double);
    case TypeKind::kDate:
      return ParseDate(text);
    case TypeKind::kTime:
      return ParseTime(text);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return ParseTimestamp(text);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool IsPartitionType(const DataType& type) {
  return !type.is_nested() && type.kind != TypeKind::kDecimal;
}

Result<std::string> PartitionValueText(const Value& value, const DataType& type) {
  if (value.is_null() || !IsPartitionType(type)) {
    return Fail(ErrorCode::kPartitionSpecInvalid, "not a partition value: type={} null={}",
                type.ToString(), value.is_null());
  }
  switch (type.kind) {
    case TypeKind::kBoolean:
      return std::string(value.boolean() ? "true" : "false");
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return ToHex(value.bytes());
    case TypeKind::kFloat:
      return FloatText(value.float32());
    case TypeKind::kDouble:
      return FloatText(value.float64());
    case TypeKind::kDate:
      return DateText(DateOfDays(value.integer()));
    case TypeKind::kTime:
      return TimeText(value.integer());
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TimestampText(value.timestamp_ms(), value.timestamp_nanos());
    case TypeKind::kChar:
    case TypeKind::kString:
      return std::string(value.bytes());
    default:
      return fmt::format("{}", value.integer());
  }
}

Result<Value> ParsePartitionValue(std::string_view text, const DataType& type, std::string& bytes) {
  if (const auto value = ParseText(text, type.kind, bytes)) return *value;
  return Fail(ErrorCode::kPartitionSpecInvalid,
              "partition value is not of its column's type: value={:.200} type={}", text,
              type.ToString());
}

std::string JoinPartitionName(std::span<const std::string> values) {
  return fmt::format("{}", fmt::join(values, std::string_view(&kSeparator, 1)));
}

std::vector<std::string> SplitPartitionName(std::string_view name) {
  std::vector<std::string> values;
  for (size_t from = 0; from <= name.size();) {
    const size_t to = std::min(name.find(kSeparator, from), name.size());
    values.emplace_back(name.substr(from, to - from));
    from = to + 1;
  }
  return values;
}

}  // namespace weir
