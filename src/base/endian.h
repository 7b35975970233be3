// Integers in a fixed byte order. Data is little-endian, frames are big-endian (docs/formats/frames.md).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>

namespace weir {

static_assert(std::endian::native == std::endian::little,
              "big-endian machines need byte swaps below");

template <class T>
T LoadLe(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
void StoreLe(void* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

template <std::integral T>
T ByteSwap(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
}

template <std::integral T>
T LoadBe(const void* from) {
  return ByteSwap(LoadLe<T>(from));
}

template <std::integral T>
void StoreBe(void* to, T value) {
  StoreLe(to, ByteSwap(value));
}

template <class T>
void AppendLe(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreLe(bytes, value);
  out.append(bytes, sizeof(T));
}

/// A little-endian field of a packed layout struct; has no alignment.
template <class T>
class Le {
 public:
  Le() = default;
  Le(T value) { StoreLe(bytes_, value); }  // NOLINT(google-explicit-constructor): reads as a T
  operator T() const { return LoadLe<T>(bytes_); }  // NOLINT(google-explicit-constructor)

 private:
  char bytes_[sizeof(T)];
};

}  // namespace weir
