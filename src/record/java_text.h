// Values as Java prints them, where the protocol depends on it: partition names and Hudi keys.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// Float.toString, Double.toString of JDK 19 and later: the shortest digits that read back, "1.0",
/// "1.0E10".
std::string JavaText(float value);
std::string JavaText(double value);

/// LocalDateTime.toString: "2023-11-14T22:13", "2023-11-14T22:13:20.123456".
std::string JavaLocalDateTime(int64_t ms, int32_t nanos);
/// Instant.toString: "2023-11-14T22:13:20.123Z".
std::string JavaInstant(int64_t ms, int32_t nanos);

}  // namespace weir
