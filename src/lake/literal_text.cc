#include "lake/literal_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "record/civil_date.h"
#include "record/decimal.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kSecondsOfDay = 86'400;

/// floor(a / b) and the remainder in [0, b).
std::pair<int64_t, int64_t> FloorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  int64_t rest = a % b;
  if (rest < 0) {
    rest += b;
    --quotient;
  }
  return {quotient, rest};
}

std::string FractionText(int64_t fraction, int digits) {
  if (fraction == 0) return {};
  std::string out = fmt::format(".{:0{}}", fraction, digits);
  while (out.back() == '0') out.pop_back();
  return out;
}

int DigitsOf(int64_t units_per_second) { return units_per_second == 1'000'000 ? 6 : 9; }

std::string ClockText(int64_t second_of_day, int64_t fraction, int64_t units_per_second) {
  return fmt::format("{:02}:{:02}:{:02}{}", second_of_day / 3600, second_of_day / 60 % 60,
                     second_of_day % 60, FractionText(fraction, DigitsOf(units_per_second)));
}

/// Exactly `digits` digits at the front of `text`, which moves on.
std::optional<int> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> TakeFraction(std::string_view& text, int64_t units_per_second) {
  if (!Take(text, '.')) return 0;
  int64_t unit = units_per_second;
  int64_t value = 0;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    unit /= 10;
    if (unit == 0 && text[digits] != '0') return std::nullopt;
    value += unit * (text[digits] - '0');
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// "22:31", "22:31:08", "22:31:08.123" in units since midnight.
std::optional<int64_t> TakeClock(std::string_view& text, int64_t units_per_second) {
  const auto hour = TakeDigits(text, 2);
  if (!hour || *hour > 23 || !Take(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t second = 0;
  int64_t fraction = 0;
  if (Take(text, ':')) {
    const auto read = TakeDigits(text, 2);
    if (!read || *read > 59) return std::nullopt;
    second = *read;
    const auto part = TakeFraction(text, units_per_second);
    if (!part) return std::nullopt;
    fraction = *part;
  }
  return (*hour * 3600 + *minute * 60 + second) * units_per_second + fraction;
}

std::optional<int64_t> TakeDate(std::string_view& text) {
  const bool negative = !text.empty() && text.front() == '-';
  const bool signed_year = negative || (!text.empty() && text.front() == '+');
  if (signed_year) text.remove_prefix(1);
  const size_t dash = text.find('-');
  if (dash == text.npos || dash < 4 || dash > 9) return std::nullopt;
  const auto year = TakeDigits(text, dash);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  return DaysOfDate({negative ? -*year : *year, *month, *day});
}

/// Seconds east of UTC.
std::optional<int64_t> TakeOffset(std::string_view& text) {
  if (Take(text, 'Z')) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!west && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = TakeDigits(text, 2);
  if (!hours || *hours > 18 || !Take(text, ':')) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::string DateToText(int64_t days) {
  const CivilDate date = DateOfDays(days);
  if (date.year < 0) return fmt::format("-{:04}-{:02}-{:02}", -date.year, date.month, date.day);
  if (date.year > 9999) return fmt::format("+{}-{:02}-{:02}", date.year, date.month, date.day);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::optional<int32_t> DateFromText(std::string_view text) {
  const auto days = TakeDate(text);
  if (!days || !text.empty() || *days < INT32_MIN || *days > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(*days);
}

std::string TimeToText(int64_t micros) {
  const auto [second, fraction] = FloorDivide(micros, 1'000'000);
  return ClockText(second, fraction, 1'000'000);
}

std::optional<int64_t> TimeFromText(std::string_view text) {
  const auto time = TakeClock(text, 1'000'000);
  return time && text.empty() ? time : std::nullopt;
}

std::string TimestampToText(int64_t value, int64_t units_per_second, Zone zone) {
  const auto [seconds, fraction] = FloorDivide(value, units_per_second);
  const auto [days, second_of_day] = FloorDivide(seconds, kSecondsOfDay);
  return fmt::format("{}T{}{}", DateToText(days),
                     ClockText(second_of_day, fraction, units_per_second),
                     zone == Zone::kUtc ? "+00:00" : "");
}

std::optional<int64_t> TimestampFromText(std::string_view text, int64_t units_per_second,
                                         Zone zone) {
  const auto days = TakeDate(text);
  if (!days || !Take(text, 'T')) return std::nullopt;
  auto clock = TakeClock(text, units_per_second);
  if (!clock) return std::nullopt;
  if (zone == Zone::kUtc) {
    const auto offset = TakeOffset(text);
    if (!offset) return std::nullopt;
    *clock -= *offset * units_per_second;
  }
  int64_t value = 0;
  if (!text.empty() || __builtin_mul_overflow(*days, kSecondsOfDay * units_per_second, &value) ||
      __builtin_add_overflow(value, *clock, &value)) {
    return std::nullopt;
  }
  return value;
}

std::string UuidToText(std::string_view bytes) {
  const std::string hex = ToHex(bytes);
  return fmt::format("{:.8}-{:.4}-{:.4}-{:.4}-{}", hex, hex.substr(8), hex.substr(12),
                     hex.substr(16), hex.substr(20));
}

std::optional<std::string> UuidFromText(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-') {
    return std::nullopt;
  }
  std::string hex;
  for (const char c : text) {
    if (c != '-') hex += c;
  }
  return hex.size() == 32 ? FromHex(hex) : std::nullopt;
}

std::optional<Literal> DecimalLiteral(std::string_view text, const Type& type) {
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  std::string_view exponent_text = text.substr(std::min(e + 1, text.size()));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int32_t exponent = 0;
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t last = mantissa.find_last_not_of("0.");
  const int64_t fraction = last == std::string_view::npos || last < point
                               ? 0
                               : static_cast<int64_t>(last) - static_cast<int64_t>(point);
  if (fraction - exponent > type.scale) return std::nullopt;
  const auto unscaled = weir::DecimalFromText(text, type.precision, type.scale);
  if (!unscaled.ok()) return std::nullopt;
  return Literal(type, *unscaled);
}

std::string ToBase64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      const bool padding = i + j > bytes.size();
      out += padding ? '=' : kAlphabet[group >> (18 - 6 * j) & 63];
    }
  }
  return out;
}

}  // namespace weir::iceberg
