// Durations and memory sizes as people and Fluss write them: "7 d", "PT168H", "10min"; "1gb", "64
// kb", "4096". Source: Fluss TimeUtils.parseDuration and MemorySize.parse.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

/// Parse "<digits> [unit]" or an ISO-8601 duration ("PT168H"). A number without unit is
/// milliseconds. Units: d/day(s), h/hour(s), min/m/minute(s), s/sec/second(s),
/// ms/milli(s)/millisecond(s), µs, ns and their long forms; case is ignored. Parts below a
/// millisecond are cut off. Errors  kInvalidConfig  not a duration, or more than 2^63 ms
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

/// Parse "<digits> [unit]" with units of 1024: b/bytes, k/kb/kibibytes, m/mb, g/gb, t/tb. Without
/// unit: bytes. Errors  kInvalidConfig  not a size, or more than 2^63 - 1 bytes
Result<int64_t> ParseBytes(std::string_view text);

/// The shortest exact form that ParseDuration reads: "7 d", "10 min", "15 s", "250 ms".
std::string FormatDuration(std::chrono::milliseconds duration);

/// The shortest exact form that ParseBytes reads: "1gb", "64kb", "100b".
std::string FormatBytes(int64_t bytes);

}  // namespace weir
