// A cursor over untrusted bytes (INV-7). A read past the end gives zeros and sets a sticky flag, so
// a parser reads a whole header and asks ok() once:
//   ByteReader in(bytes);
//   const auto length = in.Le<int32_t>();
//   const auto key = in.VarBytes();
//   if (!in.ok()) return Fail(ErrorCode::kCorruptRecord, ...);
#pragma once

#include "base/bytes.h"
#include "base/endian.h"
#include "base/varint.h"

namespace weir {

class ByteReader {
 public:
  explicit ByteReader(BytesView bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  BytesView rest() const { return {at_, remaining()}; }

  template <class T>
  T Le() {
    const char* from = Take(sizeof(T));
    return from ? LoadLe<T>(from) : T{};
  }
  template <class T>
  T Be() {
    const char* from = Take(sizeof(T));
    return from ? LoadBe<T>(from) : T{};
  }

  int32_t Varint32() {
    uint32_t value = 0;
    return static_cast<int32_t>(Varint(ReadVarint32(at_, end_, value), value));
  }
  int64_t Varint64() {
    uint64_t value = 0;
    return static_cast<int64_t>(Varint(ReadVarint64(at_, end_, value), value));
  }

  /// The next `count` bytes; empty and not ok() when `count` is negative or past the end.
  BytesView Bytes(int64_t count) {
    if (count < 0) return Break(), BytesView();
    const char* from = Take(static_cast<uint64_t>(count));
    return from ? BytesView(from, static_cast<size_t>(count)) : BytesView();
  }
  /// Bytes behind a varint length.
  BytesView VarBytes() { return Bytes(Varint32()); }

  void Break() {
    ok_ = false;
    at_ = end_;
  }

 private:
  const char* Take(uint64_t count) {
    if (count > remaining()) [[unlikely]] {
      Break();
      return nullptr;
    }
    const char* from = at_;
    at_ += count;
    return from;
  }
  template <class T>
  T Varint(const char* next, T value) {
    if (next == nullptr) [[unlikely]] {
      Break();
      return 0;
    }
    at_ = next;
    return value;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace weir
