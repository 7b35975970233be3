// Unscaled decimals as 128-bit integers and as the bytes of Java's BigInteger.toByteArray
// (big-endian two's complement, as few bytes as keep the sign).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir {

using Int128 = __int128;

inline constexpr size_t kDecimalBytesMax = 16;

/// Write the minimal bytes at `to` (room for 16) and return how many.
size_t DecimalToBytes(Int128 unscaled, char* to);
/// Errors  kCorruptRecord  no bytes, or more than 16
Result<Int128> DecimalFromBytes(BytesView bytes);

/// The unscaled value of a DECIMAL column, whichever form its Value has.
Result<Int128> UnscaledOf(const Value& value);

/// "-123.45" for unscaled -12345, scale 2.
std::string DecimalToText(Int128 unscaled, int32_t scale);
/// Parse digits with an optional sign, point and exponent to the given type, rounding half up.
/// Errors  kCorruptRecord  not a number, or more digits than the precision allows
Result<Int128> DecimalFromText(std::string_view text, int32_t precision, int32_t scale);

}  // namespace weir
