#include "base/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>

namespace weir {

namespace {

struct Unit {
  std::string_view name;
  int64_t numerator;  // in the result's unit
  int64_t denominator = 1;
};

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

// clang-format off
constexpr std::array kDurationUnits = {
    Unit{"", 1},
    Unit{"d", kDayMs}, Unit{"day", kDayMs}, Unit{"days", kDayMs},
    Unit{"h", kHourMs}, Unit{"hour", kHourMs}, Unit{"hours", kHourMs},
    Unit{"min", kMinuteMs}, Unit{"m", kMinuteMs}, Unit{"minute", kMinuteMs}, Unit{"minutes", kMinuteMs},
    Unit{"s", kSecondMs}, Unit{"sec", kSecondMs}, Unit{"secs", kSecondMs}, Unit{"second", kSecondMs},
    Unit{"seconds", kSecondMs},
    Unit{"ms", 1}, Unit{"milli", 1}, Unit{"millis", 1}, Unit{"millisecond", 1}, Unit{"milliseconds", 1},
    Unit{"µs", 1, 1000}, Unit{"micro", 1, 1000}, Unit{"micros", 1, 1000}, Unit{"microsecond", 1, 1000},
    Unit{"microseconds", 1, 1000},
    Unit{"ns", 1, 1000000}, Unit{"nano", 1, 1000000}, Unit{"nanos", 1, 1000000}, Unit{"nanosecond", 1, 1000000},
    Unit{"nanoseconds", 1, 1000000},
};
// clang-format on

constexpr int64_t kKi = 1024;
constexpr std::array kByteUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"bytes", 1},
    Unit{"k", kKi},
    Unit{"kb", kKi},
    Unit{"kibibytes", kKi},
    Unit{"m", kKi* kKi},
    Unit{"mb", kKi* kKi},
    Unit{"mebibytes", kKi* kKi},
    Unit{"g", kKi* kKi* kKi},
    Unit{"gb", kKi* kKi* kKi},
    Unit{"gibibytes", kKi* kKi* kKi},
    Unit{"t", kKi* kKi* kKi* kKi},
    Unit{"tb", kKi* kKi* kKi* kKi},
    Unit{"tebibytes", kKi* kKi* kKi* kKi},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<int64_t> ParseWithUnits(std::string_view what, std::string_view text,
                               std::span<const Unit> units) {
  const std::string_view trimmed = Trim(text);
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (error == std::errc::result_out_of_range) {
    return Fail(ErrorCode::kInvalidConfig, "{} is too large: '{}'", what, text);
  }
  if (error != std::errc() || number < 0) {
    return Fail(ErrorCode::kInvalidConfig, "{} does not start with a number: '{}'", what, text);
  }
  const std::string unit = Lower(Trim(trimmed.substr(static_cast<size_t>(end - trimmed.data()))));
  const auto found = std::ranges::find(units, unit, &Unit::name);
  if (found == units.end())
    return Fail(ErrorCode::kInvalidConfig, "{} has an unknown unit: '{}'", what, text);
  int64_t scaled = 0;
  if (__builtin_mul_overflow(number, found->numerator, &scaled)) {
    return Fail(ErrorCode::kInvalidConfig, "{} is too large: '{}'", what, text);
  }
  return scaled / found->denominator;
}

/// "P7D", "PT168H", "PT1H30M", "PT0.5S"; upper or lower case.
Result<int64_t> ParseIsoDurationMs(std::string_view text) {
  const std::string upper = [&] {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
  }();
  const auto bad = [&] { return Fail(ErrorCode::kInvalidConfig, "not a duration: '{}'", text); };
  std::string_view rest = std::string_view(upper).substr(1);
  bool in_time = false;
  bool any = false;
  double total = 0;
  while (!rest.empty()) {
    if (rest.front() == 'T' && !in_time) {
      in_time = true;
      rest.remove_prefix(1);
      continue;
    }
    double number = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end == rest.data() + rest.size()) return bad();
    const char unit = *end;
    int64_t scale = 0;
    if (unit == 'D' && !in_time) scale = kDayMs;
    if (unit == 'H' && in_time) scale = kHourMs;
    if (unit == 'M' && in_time) scale = kMinuteMs;
    if (unit == 'S' && in_time) scale = kSecondMs;
    if (scale == 0) return bad();
    total += number * static_cast<double>(scale);
    any = true;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  }
  if (!any || !(total >= 0) || total > 9e18) return bad();
  return static_cast<int64_t>(total);
}

std::string FormatLargest(int64_t value, std::span<const Unit> units_descending,
                          std::string_view separator) {
  for (const Unit& unit : units_descending) {
    if (value != 0 && value % unit.numerator == 0) {
      return fmt::format("{}{}{}", value / unit.numerator, separator, unit.name);
    }
  }
  return fmt::format("0{}{}", separator, units_descending.back().name);
}

}  // namespace

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const bool iso = !trimmed.empty() && (trimmed.front() == 'P' || trimmed.front() == 'p');
  ASSIGN_OR_RETURN(const int64_t ms, iso ? ParseIsoDurationMs(trimmed)
                                         : ParseWithUnits("duration", trimmed, kDurationUnits));
  return std::chrono::milliseconds(ms);
}

Result<int64_t> ParseBytes(std::string_view text) {
  return ParseWithUnits("memory size", text, kByteUnits);
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  static constexpr std::array kUnits = {Unit{"d", kDayMs}, Unit{"h", kHourMs},
                                        Unit{"min", kMinuteMs}, Unit{"s", kSecondMs},
                                        Unit{"ms", 1}};
  return FormatLargest(duration.count(), kUnits, " ");
}

std::string FormatBytes(int64_t bytes) {
  static constexpr std::array kUnits = {Unit{"tb", kKi * kKi * kKi * kKi},
                                        Unit{"gb", kKi * kKi * kKi}, Unit{"mb", kKi * kKi},
                                        Unit{"kb", kKi}, Unit{"b", 1}};
  return FormatLargest(bytes, kUnits, "");
}

}  // namespace weir
