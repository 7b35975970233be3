// Read a protobuf message by hand: fields in wire order, byte fields as views into the message. For
// the few requests whose `records` must not be copied; everything else uses the generated classes.
//   ProtobufReader in(body);
//   while (in.Next()) {
//     if (in.field() == 2) table_id = in.Int64();
//     if (in.field() == 4) Bucket(in.Bytes());
//   }
//   if (!in.ok()) return Fail(ErrorCode::kCorruptMessage, ...);
// Unknown fields are skipped, a field of the wrong wire type or a torn message makes ok() false
// (INV-7). Source: protobuf encoding specification; groups (unused since proto2) count as damage.
#pragma once

#include "base/bytes.h"
#include "base/endian.h"
#include "base/varint.h"

namespace weir {

class ProtobufReader {
 public:
  explicit ProtobufReader(BytesView message)
      : at_(message.data()), end_(message.data() + message.size()) {}

  /// Step to the next field. False at the end and at damage.
  bool Next() {
    if (at_ == end_ || !ok_) return false;
    uint64_t tag = 0;
    if (!Varint(tag) || tag >> 3 == 0 || tag > 0xffffffff) return Break();
    field_ = static_cast<int>(tag >> 3);
    type_ = static_cast<int>(tag & 7);
    switch (type_) {
      case kVarint:
        return Varint(number_) || Break();
      case kFixed64:
        return Fixed(8);
      case kFixed32:
        return Fixed(4);
      case kBytes: {
        uint64_t length = 0;
        if (!Varint(length) || length > static_cast<uint64_t>(end_ - at_)) return Break();
        bytes_ = {at_, static_cast<size_t>(length)};
        at_ += length;
        return true;
      }
      default:
        return Break();
    }
  }

  bool ok() const { return ok_; }
  int field() const { return field_; }

  int64_t Int64() { return Expect(kVarint) ? static_cast<int64_t>(number_) : 0; }
  int32_t Int32() { return static_cast<int32_t>(Int64()); }
  bool Bool() { return Int64() != 0; }
  /// A bytes, string or message field; lives as long as the message.
  BytesView Bytes() { return Expect(kBytes) ? bytes_ : BytesView(); }

  /// A repeated int32, packed or not: call for each occurrence of the field.
  template <class F>
  void EachInt32(F&& f) {
    if (type_ == kVarint) return f(static_cast<int32_t>(number_));
    if (!Expect(kBytes)) return;
    const char* at = bytes_.data();
    const char* const end = at + bytes_.size();
    while (at != end) {
      uint64_t value = 0;
      at = ReadVarint64(at, end, value);
      if (at == nullptr) {
        Break();
        return;
      }
      f(static_cast<int32_t>(value));
    }
  }

 private:
  enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  bool Break() {
    ok_ = false;
    return false;
  }
  bool Expect(int type) { return type_ == type || Break(); }
  bool Varint(uint64_t& value) {
    const char* next = ReadVarint64(at_, end_, value);
    if (next == nullptr) return false;
    at_ = next;
    return true;
  }
  bool Fixed(int bytes) {
    if (end_ - at_ < bytes) return Break();
    at_ += bytes;
    return true;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
  int field_ = 0;
  int type_ = 0;
  uint64_t number_ = 0;
  BytesView bytes_;
};

}  // namespace weir
