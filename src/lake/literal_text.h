// Dates, times, decimals and others as text, for JSON values and partition paths. Internal to lake/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lake/literal.h"

namespace weir::iceberg {

/// "2017-11-16"; years outside 0..9999 with a sign.
std::string DateToText(int64_t days);
std::optional<int32_t> DateFromText(std::string_view text);

/// "22:31:08.123456"; zeros at the end of the fraction are left out.
std::string TimeToText(int64_t micros);
std::optional<int64_t> TimeFromText(std::string_view text);

/// "2017-11-16T22:31:08.123456", with "+00:00" when `zoned`. units_per_second: 10^6 or 10^9.
enum class Zone : uint8_t { kNone, kUtc };
std::string TimestampToText(int64_t value, int64_t units_per_second, Zone zone);
/// With kUtc the text must end in an offset ("Z", "+00:00", "-08:00"), which is applied; without it must not.
std::optional<int64_t> TimestampFromText(std::string_view text, int64_t units_per_second,
                                         Zone zone);

/// "f79c3e09-677c-4bbd-a479-3f349cb785e7" of 16 bytes, and back.
std::string UuidToText(std::string_view bytes);
std::optional<std::string> UuidFromText(std::string_view text);

/// A decimal such as "-12.5" or "1.25E1" as a literal of `type`; nothing when digits would be lost.
std::optional<Literal> DecimalLiteral(std::string_view text, const Type& type);

/// Standard alphabet, padded.
std::string ToBase64(std::string_view bytes);

}  // namespace weir::iceberg
