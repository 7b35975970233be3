// Append protobuf fields to a string by hand, for replies whose byte fields are not in memory.
// Lengths of nested messages must be known first: the Size functions say what the Append functions
// will append.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/varint.h"

namespace weir {

inline constexpr uint32_t ProtobufTag(int field, int wire_type) {
  return static_cast<uint32_t>(field) << 3 | static_cast<uint32_t>(wire_type);
}

/// int32, int64 and bool; negative numbers take ten bytes, as protobuf wants.
inline void AppendIntField(std::string& out, int field, int64_t value) {
  AppendVarint32(out, ProtobufTag(field, 0));
  AppendVarint64(out, static_cast<uint64_t>(value));
}

/// What precedes the bytes of a bytes, string or message field.
inline void AppendLengthPrefix(std::string& out, int field, int64_t bytes) {
  AppendVarint32(out, ProtobufTag(field, 2));
  AppendVarint64(out, static_cast<uint64_t>(bytes));
}
inline int64_t LengthPrefixSize(int field, int64_t bytes) {
  return static_cast<int64_t>(VarintBytes(ProtobufTag(field, 2)) +
                              VarintBytes(static_cast<uint64_t>(bytes)));
}

inline void AppendBytesField(std::string& out, int field, BytesView bytes) {
  AppendLengthPrefix(out, field, static_cast<int64_t>(bytes.size()));
  out.append(bytes);
}

inline void AppendFloatField(std::string& out, int field, float value) {
  AppendVarint32(out, ProtobufTag(field, 5));
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace weir
