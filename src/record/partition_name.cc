#include "record/partition_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

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

bool IsInteger(std::string_view text, int64_t min, int64_t max) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= min && value <= max;
}

bool IsFloat(std::string_view text) {
  if (text == "NaN" || text == "Inf" || text == "-Inf") return true;
  std::string number(text);
  std::ranges::replace(number, '_', '.');
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return !number.empty() && end == number.data() + number.size() &&
         error != std::errc::invalid_argument;
}

/// Reads "2024-01-31-22_5" piece by piece.
class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : rest_(text) {}

  /// Digits, at least one and at most `digits_max`, of a number in [0, max].
  bool Number(size_t digits_max, int64_t max, int64_t* value = nullptr) {
    size_t digits = 0;
    int64_t number = 0;
    for (; digits < rest_.size() && digits < digits_max && rest_[digits] >= '0' &&
           rest_[digits] <= '9';
         ++digits) {
      number = number * 10 + (rest_[digits] - '0');
    }
    rest_.remove_prefix(digits);
    if (value != nullptr) *value = number;
    return digits > 0 && number <= max;
  }
  bool Symbol(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool ReadDate(TextCursor& in) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  return in.Number(6, 999'999, &year) && in.Symbol('-') && in.Number(2, 12, &month) &&
         in.Symbol('-') && in.Number(2, 31, &day) &&
         DaysOfDate({.year = year, .month = static_cast<int>(month), .day = static_cast<int>(day)})
             .has_value();
}

bool ReadTime(TextCursor& in) {
  return in.Number(2, 23) && in.Symbol('-') && in.Number(2, 59) && in.Symbol('-') &&
         in.Number(2, 59);
}

bool IsDate(std::string_view text) {
  TextCursor in(text);
  return ReadDate(in) && in.done();
}

bool IsTime(std::string_view text) {
  TextCursor in(text);
  return ReadTime(in) && in.Symbol('_') && in.Number(3, 999) && in.done();
}

/// Time and fraction may be missing, as in Java.
bool IsTimestamp(std::string_view text) {
  TextCursor in(text);
  if (!ReadDate(in)) return false;
  if (in.done()) return true;
  if (!in.Symbol('-') || !ReadTime(in)) return false;
  if (in.Symbol('_') && !in.done() && !in.Number(9, 999'999'999)) return false;
  return in.done();
}

bool IsTextOf(std::string_view text, TypeKind kind) {
  switch (kind) {
    case TypeKind::kChar:
    case TypeKind::kString:
      return !text.empty();
    case TypeKind::kBoolean:
      return text == "true" || text == "false";
    case TypeKind::kTinyInt:
      return IsInteger(text, INT8_MIN, INT8_MAX);
    case TypeKind::kSmallInt:
      return IsInteger(text, INT16_MIN, INT16_MAX);
    case TypeKind::kInt:
      return IsInteger(text, INT32_MIN, INT32_MAX);
    case TypeKind::kBigInt:
      return IsInteger(text, INT64_MIN, INT64_MAX);
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return FromHex(text).has_value();
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return IsFloat(text);
    case TypeKind::kDate:
      return IsDate(text);
    case TypeKind::kTime:
      return IsTime(text);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return IsTimestamp(text);
    default:
      return false;
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

Status CheckPartitionValue(std::string_view text, const DataType& type) {
  if (IsTextOf(text, type.kind)) return {};
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
