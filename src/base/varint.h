// Variable-length integers as Fluss rows use them: unsigned LEB128 of the two's complement value,
// so a negative int takes 5 bytes and a negative long 10 (no zig-zag). Source: Fluss 545c5539
// CompactedRowWriter.writeInt/writeLong, VarLengthUtils.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir {

inline constexpr size_t kVarint32BytesMax = 5;
inline constexpr size_t kVarint64BytesMax = 10;

/// Write `value` at `to`, which has room for the longest form, and return the end.
inline char* WriteVarint64(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}
inline char* WriteVarint32(char* to, uint32_t value) { return WriteVarint64(to, value); }

inline void AppendVarint64(std::string& out, uint64_t value) {
  char bytes[kVarint64BytesMax];
  out.append(bytes, static_cast<size_t>(WriteVarint64(bytes, value) - bytes));
}
inline void AppendVarint32(std::string& out, uint32_t value) { AppendVarint64(out, value); }

/// Bytes the encoded form of `value` takes.
inline size_t VarintBytes(uint64_t value) {
  return static_cast<size_t>((63 - __builtin_clzll(value | 1)) / 7 + 1);
}

/// Read one value from [from, end) into `value`; return the byte after it, or nullptr when the
/// bytes end early or the number is longer than its type (more than 5 or 10 bytes, or set bits
/// beyond 32 or 64).
inline const char* ReadVarint32(const char* from, const char* end, uint32_t& value) {
  if (from != end && static_cast<int8_t>(*from) >= 0) {  // most numbers are short
    value = static_cast<uint8_t>(*from);
    return from + 1;
  }
  uint64_t result = 0;
  for (int shift = 0; shift < 35 && from != end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*from++);
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = static_cast<uint32_t>(result);
      return result >> 32 == 0 ? from : nullptr;
    }
  }
  return nullptr;
}

inline const char* ReadVarint64(const char* from, const char* end, uint64_t& value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70 && from != end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*from++);
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return shift < 63 || byte <= 1 ? from : nullptr;
    }
  }
  return nullptr;
}

}  // namespace weir
