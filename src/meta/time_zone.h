// The local time of a named zone, from the system's time zone database.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace weir {

/// Seconds since 1970 as the clocks of `zone` showed them at an instant.
/// zone    "Europe/Berlin", "UTC", "GMT+8", "GMT-03:30"; "" = the zone of this machine
/// Errors  kInvalidConfig  no such zone
Result<int64_t> ToLocalSeconds(std::string_view zone, int64_t utc_seconds);

}  // namespace weir
