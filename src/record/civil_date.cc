#include "record/civil_date.h"

namespace weir {
namespace {

// Years start in March here, so that the leap day is the last of its year; an era is 400 years.
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kDaysFromEraStartTo1970 = 719'468;
constexpr int64_t kMsPerDay = 86'400'000;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t FloorMod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

}  // namespace

CivilDate DateOfDays(int64_t days) {
  days += kDaysFromEraStartTo1970;
  const int64_t era = FloorDiv(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {.year = year_of_era + era * 400 + (month <= 2),
          .month = month,
          .day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

std::optional<int64_t> DaysOfDate(const CivilDate& date) {
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return std::nullopt;
  const int64_t year = date.year - (date.month <= 2);
  const int64_t era = FloorDiv(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const int64_t days = era * kDaysPerEra + day_of_era - kDaysFromEraStartTo1970;
  if (DateOfDays(days) != date) return std::nullopt;  // February 30th
  return days;
}

CivilTime TimeOfTimestamp(int64_t ms, int32_t nanos) {
  const auto of_day = static_cast<int32_t>(FloorMod(ms, kMsPerDay));
  return {.date = DateOfDays(FloorDiv(ms, kMsPerDay)),
          .hour = of_day / 3'600'000,
          .minute = of_day / 60'000 % 60,
          .second = of_day / 1000 % 60,
          .nanos = of_day % 1000 * 1'000'000 + nanos};
}

}  // namespace weir
