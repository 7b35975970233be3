#include "record/java_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

#include "record/civil_date.h"

namespace weir {
namespace {

/// digits = all significant digits, the value is d.ddd * 10^exponent.
std::string PlacePoint(std::string_view digits, int exponent) {
  if (exponent < -3 || exponent >= 7) {
    const std::string_view fraction = digits.size() > 1 ? digits.substr(1) : "0";
    return fmt::format("{}.{}E{}", digits[0], fraction, exponent);
  }
  if (exponent < 0)
    return "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + std::string(digits);
  std::string whole(digits);
  const auto point = static_cast<size_t>(exponent + 1);
  if (whole.size() <= point) whole.append(point + 1 - whole.size(), '0');
  return whole.insert(point, 1, '.');
}

template <class T>
std::string FloatingText(T value) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "Infinity";
  if (value == 0) return sign + "0.0";
  char bytes[64];
  const auto end =
      std::to_chars(bytes, bytes + sizeof(bytes), std::abs(value), std::chars_format::scientific)
          .ptr;
  const std::string_view text(bytes, static_cast<size_t>(end - bytes));
  const size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  if (digits.size() > 1) digits.erase(1, 1);  // the point
  int exponent = 0;
  const char* exponent_at = text.data() + e + 1 + (text[e + 1] == '+');
  std::from_chars(exponent_at, end, exponent);
  return sign + PlacePoint(digits, exponent);
}

/// ".123", ".123456" or ".123456789": the shortest group that is exact; nothing for 0.
std::string Fraction(int32_t nanos) {
  if (nanos == 0) return "";
  if (nanos % 1'000'000 == 0) return fmt::format(".{:03}", nanos / 1'000'000);
  if (nanos % 1000 == 0) return fmt::format(".{:06}", nanos / 1000);
  return fmt::format(".{:09}", nanos);
}

std::string DateText(const CivilDate& date) {
  const std::string year =
      date.year < 0 ? fmt::format("-{:04}", -date.year) : fmt::format("{:04}", date.year);
  return fmt::format("{}{}-{:02}-{:02}", date.year > 9999 ? "+" : "", year, date.month, date.day);
}

}  // namespace

std::string JavaText(float value) { return FloatingText(value); }
std::string JavaText(double value) { return FloatingText(value); }

std::string JavaLocalDateTime(int64_t ms, int32_t nanos) {
  const CivilTime t = TimeOfTimestamp(ms, nanos);
  const std::string seconds =
      t.second == 0 && t.nanos == 0 ? "" : fmt::format(":{:02}{}", t.second, Fraction(t.nanos));
  return fmt::format("{}T{:02}:{:02}{}", DateText(t.date), t.hour, t.minute, seconds);
}

std::string JavaInstant(int64_t ms, int32_t nanos) {
  const CivilTime t = TimeOfTimestamp(ms, nanos);
  return fmt::format("{}T{:02}:{:02}:{:02}{}Z", DateText(t.date), t.hour, t.minute, t.second,
                     Fraction(t.nanos));
}

}  // namespace weir
