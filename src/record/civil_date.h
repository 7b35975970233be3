// The proleptic Gregorian calendar, for texts of dates and timestamps.
#pragma once

#include <cstdint>
#include <optional>

namespace weir {

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  // [1, 12]
  int day = 1;    // [1, 31]

  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

struct CivilTime {
  CivilDate date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int32_t nanos = 0;  // of the second
};

/// days since 1970-01-01, any sign.
CivilDate DateOfDays(int64_t days);

/// Days since 1970-01-01; nothing when there is no such day.
std::optional<int64_t> DaysOfDate(const CivilDate& date);

/// ms since 1970 UTC, any sign; nanos within that millisecond.
CivilTime TimeOfTimestamp(int64_t ms, int32_t nanos);

}  // namespace weir
