#include "sql/literal_value.h"

#include <algorithm>
#include <charconv>

#include "record/civil_date.h"
#include "sql/token.h"

namespace weir {
namespace {

constexpr int64_t kMicrosPerDay = 24LL * 3600 * 1'000'000;
constexpr int64_t kDaysMax = INT64_MAX / kMicrosPerDay - 1;

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<int64_t> IntegerOf(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<int64_t> DaysOf(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return {};
  const auto year = IntegerOf(text.substr(0, 4));
  const auto month = IntegerOf(text.substr(5, 2));
  const auto day = IntegerOf(text.substr(8, 2));
  if (!year || !month || !day) return {};
  return DaysOfDate(
      {.year = *year, .month = static_cast<int>(*month), .day = static_cast<int>(*day)});
}

std::optional<int64_t> MicrosOf(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  const auto days = DaysOf(text.substr(0, 10));
  if (!days || *days < -kDaysMax || *days > kDaysMax) return {};
  text.remove_prefix(10);
  if (text.empty()) return *days * kMicrosPerDay;
  if ((text[0] != ' ' && text[0] != 'T') || text.size() < 6) return {};
  const auto part = [&](size_t at, char before, int64_t bound) -> std::optional<int64_t> {
    if (text.size() == at) return 0;
    if (text.size() < at + 3 || text[at] != before || !IsDigits(text.substr(at + 1, 2))) return {};
    const auto value = IntegerOf(text.substr(at + 1, 2));
    return value && *value < bound ? value : std::nullopt;
  };
  const auto hour = part(0, text[0], 24);
  const auto minute = part(3, ':', 60);
  const auto second = part(6, ':', 60);
  if (!hour || !minute || !second) return {};
  int64_t micros = 0;
  if (text.size() > 9) {
    const std::string_view digits = text.substr(10);
    if (text[9] != '.' || digits.empty() || digits.size() > 6 || !IsDigits(digits)) return {};
    micros = *IntegerOf(digits);
    for (size_t i = digits.size(); i < 6; ++i) micros *= 10;
  }
  return *days * kMicrosPerDay + ((*hour * 60 + *minute) * 60 + *second) * 1'000'000 + micros;
}

std::optional<Value> TimestampOf(const Literal& literal, const DataType& type) {
  const bool time = literal.kind == Literal::Kind::kString ||
                    literal.kind == Literal::Kind::kTimestamp ||
                    literal.kind == Literal::Kind::kDate;
  const auto micros = time && type.precision <= 6 ? MicrosOf(literal.text) : std::nullopt;
  if (!micros) return {};
  const int64_t ms = *micros / 1000 - (*micros % 1000 < 0 ? 1 : 0);
  const auto rest = static_cast<int32_t>(*micros - ms * 1000);
  // The column has fewer digits: nothing equals the literal, but much may be less.
  if (rest != 0 && type.precision < 6) return {};
  return Value::Timestamp(ms, rest * 1000);
}

std::optional<Value> ValueOf(const Literal& literal, const DataType& type) {
  const auto fits = [&](int64_t bound) -> std::optional<Value> {
    const auto value =
        literal.kind == Literal::Kind::kInteger ? IntegerOf(literal.text) : std::nullopt;
    if (!value || *value > bound || *value < -bound - 1) return {};
    return Value::Int(*value);
  };
  switch (type.kind) {
    case TypeKind::kTinyInt:
      return fits(INT8_MAX);
    case TypeKind::kSmallInt:
      return fits(INT16_MAX);
    case TypeKind::kInt:
      return fits(INT32_MAX);
    case TypeKind::kBigInt:
      return fits(INT64_MAX);
    case TypeKind::kString:
    case TypeKind::kChar:
      if (literal.kind != Literal::Kind::kString) return {};
      return Value::Bytes(literal.text);
    case TypeKind::kBoolean:
      if (literal.kind != Literal::Kind::kBoolean) return {};
      return Value::Bool(literal.text == "TRUE");
    case TypeKind::kDate: {
      const bool date =
          literal.kind == Literal::Kind::kString || literal.kind == Literal::Kind::kDate;
      const auto days = date ? DaysOf(literal.text) : std::nullopt;
      if (!days) return {};
      return Value::Int(*days);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TimestampOf(literal, type);
    default:
      return {};
  }
}

std::optional<size_t> ColumnOf(const Schema& schema, const Condition& condition) {
  std::optional<size_t> found;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (Upper(schema.column(i).name) != Upper(condition.column)) continue;
    if (found) return {};
    found = i;
  }
  return found;
}

}  // namespace weir
