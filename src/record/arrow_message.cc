#include "record/arrow_message.h"

#include <array>
#include <cstring>
#include <string_view>

namespace weir {

namespace {

constexpr uint32_t kContinuation = 0xffffffff;
constexpr int16_t kMetadataV5 = 4;
constexpr uint8_t kRecordBatchHeader = 3;
constexpr int64_t kMetadataBytesMax = 16 * MiB;

Failure Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruptMessage, "arrow message is corrupt: {}", what);
}

// A flatbuffer table whose vtable and inline part were checked to lie inside `bytes`.
class Table {
 public:
  static bool Open(BytesView bytes, size_t at, Table& out) {
    if (at > bytes.size() || bytes.size() - at < 4) return false;
    const int64_t vtable = static_cast<int64_t>(at) - LoadLe<int32_t>(bytes.data() + at);
    if (vtable < 0 || vtable + 4 > static_cast<int64_t>(bytes.size())) return false;
    out.vtable_ = bytes.substr(static_cast<size_t>(vtable));
    const size_t vtable_bytes = LoadLe<uint16_t>(out.vtable_.data());
    const size_t table_bytes = LoadLe<uint16_t>(out.vtable_.data() + 2);
    if (vtable_bytes < 4 || vtable_bytes > out.vtable_.size() || table_bytes > bytes.size() - at)
      return false;
    out.bytes_ = bytes;
    out.at_ = at;
    out.vtable_ = out.vtable_.substr(0, vtable_bytes);
    out.table_bytes_ = table_bytes;
    return true;
  }

  /// Where field `id`, `width` bytes wide, lies in the bytes; 0 when it is absent or leaves the
  /// table.
  size_t At(size_t id, size_t width) const {
    const size_t slot = 4 + 2 * id;
    if (slot + 2 > vtable_.size()) return 0;
    const size_t offset = LoadLe<uint16_t>(vtable_.data() + slot);
    if (offset == 0 || offset + width > table_bytes_) return 0;
    return at_ + offset;
  }

  template <class T>
  T Scalar(size_t id) const {
    const size_t at = At(id, sizeof(T));
    return at == 0 ? T{} : LoadLe<T>(bytes_.data() + at);
  }

  /// Where the offset in field `id` leads; past the end when it is absent.
  size_t Target(size_t id) const {
    const size_t at = At(id, 4);
    return at == 0 ? bytes_.size() : at + LoadLe<uint32_t>(bytes_.data() + at);
  }

  /// True when the vector in field `id` is absent or has no elements.
  bool IsEmptyVector(size_t id) const {
    if (At(id, 4) == 0) return true;
    const size_t at = Target(id);
    return at <= bytes_.size() && bytes_.size() - at >= 4 &&
           LoadLe<uint32_t>(bytes_.data() + at) == 0;
  }

  /// The elements of a vector of 16-byte structs.
  bool Structs(size_t id, const char*& first, uint32_t& count) const {
    const size_t at = Target(id);
    if (at > bytes_.size() || bytes_.size() - at < 4) return false;
    count = LoadLe<uint32_t>(bytes_.data() + at);
    first = bytes_.data() + at + 4;
    return count <= (bytes_.size() - at - 4) / 16;
  }

 private:
  BytesView bytes_;
  BytesView vtable_;
  size_t at_ = 0;
  size_t table_bytes_ = 0;
};

// Field numbers of Message.fbs.
namespace message_field {
enum : size_t { kVersion, kHeaderType, kHeader, kBodyLength };
}
namespace batch_field {
enum : size_t { kLength, kNodes, kBuffers, kCompression, kVariadicCounts };
}
namespace compression_field {
enum : size_t { kCodec, kMethod };
}

bool ReadCompression(BytesView metadata, const Table& batch, LogCompressionType& out) {
  if (batch.At(batch_field::kCompression, 4) == 0) {
    out = LogCompressionType::kNone;
    return true;
  }
  Table compression;
  if (!Table::Open(metadata, batch.Target(batch_field::kCompression), compression)) return false;
  const auto codec = compression.Scalar<int8_t>(compression_field::kCodec);
  out = static_cast<LogCompressionType>(codec);
  return (out == LogCompressionType::kLz4Frame || out == LogCompressionType::kZstd) &&
         compression.Scalar<int8_t>(compression_field::kMethod) == 0;
}

// The metadata up to the list of buffers, as Arrow Java 15 lays it out. Numbers that vary are zero.
struct HeadTemplate {
  size_t nodes_offset_at;
  size_t length_at;
  std::array<char, 100> data{};
  size_t bytes = 0;  // of data; the count of buffers follows

  consteval HeadTemplate(size_t nodes_offset, size_t length, std::string_view hex)
      : nodes_offset_at(nodes_offset), length_at(length) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (size_t i = 0; i < hex.size(); i += 2) {
      data[bytes++] = static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    }
  }
};
constexpr size_t kBodyLengthAt = 0x18;

constexpr HeadTemplate kPlainHead(0x3c, 0x40,
                                  "1400000000000000"          // 00 root table at 14
                                  "0c0016000e00150010000400"  // 08 vtable of Message
                                  "0c000000"                  // 14 Message
                                  "0000000000000000"          // 18 bodyLength
                                  "000004001000000000"        // 20 version V5, header at 34
                                  "03"                        // 29 headerType RecordBatch
                                  "0a0018000c0008000400"      // 2a vtable of RecordBatch
                                  "0a00000014000000"          // 34 RecordBatch, buffers at 4c
                                  "00000000"                  // 3c nodes
                                  "0000000000000000"          // 40 length
                                  "00000000");                // 48 padding

constexpr HeadTemplate kLz4Head(0x44, 0x48,
                                "1400000000000000"          // 00 root table at 14
                                "0c0018000e00170010000400"  // 08 vtable of Message
                                "0c000000"                  // 14 Message
                                "0000000000000000"          // 18 bodyLength
                                "0000040014000000000000"    // 20 version V5, header at 38
                                "03"                        // 2b headerType RecordBatch
                                "0c001c0010000c0008000400"  // 2c vtable of RecordBatch
                                "0c0000001c0000001c000000"  // 38 compression at 58, buffers at 5c
                                "00000000"                  // 44 nodes
                                "0000000000000000"          // 48 length
                                "00000000"                  // 50 padding
                                "0400040004000000");        // 54 BodyCompression: LZ4_FRAME

constexpr HeadTemplate kZstdHead(0x44, 0x48,
                                 "1400000000000000"          // 00 root table at 14
                                 "0c0018000e00170010000400"  // 08 vtable of Message
                                 "0c000000"                  // 14 Message
                                 "0000000000000000"          // 18 bodyLength
                                 "0000040014000000000000"    // 20 version V5, header at 38
                                 "03"                        // 2b headerType RecordBatch
                                 "0c001e0010000c0008000400"  // 2c vtable of RecordBatch
                                 "0c0000002000000024000000"  // 38 compression at 5c, buffers at 64
                                 "00000000"                  // 44 nodes
                                 "0000000000000000"          // 48 length
                                 "000000000000"              // 50 padding
                                 "060008000700"              // 56 vtable of BodyCompression
                                 "0600000000000001");        // 5c codec ZSTD

const HeadTemplate& TemplateOf(LogCompressionType compression) {
  switch (compression) {
    case LogCompressionType::kLz4Frame:
      return kLz4Head;
    case LogCompressionType::kZstd:
      return kZstdHead;
    case LogCompressionType::kNone:
      break;
  }
  return kPlainHead;
}

// Both lists start on a multiple of 8: count, buffers, 4 bytes of padding, count, nodes.
constexpr size_t kListOverheadBytes = 4 + 4 + 4;

}  // namespace

Result<size_t> AnnouncedHeadBytes(BytesView front) {
  if (front.size() < kArrowPrefixBytes) return Corrupt("cut short");
  if (LoadLe<uint32_t>(front.data()) != kContinuation) return Corrupt("no continuation marker");
  const auto metadata_bytes = LoadLe<int32_t>(front.data() + 4);
  if (metadata_bytes < 8 || metadata_bytes > kMetadataBytesMax)
    return Corrupt("impossible metadata length");
  return kArrowPrefixBytes + static_cast<size_t>(metadata_bytes);
}

Result<ArrowMessageView> ArrowMessageView::Parse(BytesView front) {
  ASSIGN_OR_RETURN(const size_t head_bytes, AnnouncedHeadBytes(front));
  if (front.size() < head_bytes) return Corrupt("metadata is cut short");
  const BytesView metadata = front.substr(kArrowPrefixBytes, head_bytes - kArrowPrefixBytes);

  Table message;
  if (!Table::Open(metadata, LoadLe<uint32_t>(metadata.data()), message))
    return Corrupt("no message table");
  if (message.Scalar<int16_t>(message_field::kVersion) != kMetadataV5)
    return Corrupt("metadata is not V5");
  if (message.Scalar<uint8_t>(message_field::kHeaderType) != kRecordBatchHeader)
    return Corrupt("no record batch");
  Table batch;
  if (!Table::Open(metadata, message.Target(message_field::kHeader), batch))
    return Corrupt("no batch table");
  if (batch.At(batch_field::kVariadicCounts, 4) != 0)
    return Corrupt("view types are not used here");

  ArrowMessageView view;
  view.body_at_ = head_bytes;
  view.body_bytes_ = message.Scalar<int64_t>(message_field::kBodyLength);
  view.length_ = batch.Scalar<int64_t>(batch_field::kLength);
  if (view.body_bytes_ < 0 || view.length_ < 0) return Corrupt("negative length");
  if (!batch.Structs(batch_field::kNodes, view.nodes_, view.node_count_))
    return Corrupt("nodes lie outside");
  if (!batch.Structs(batch_field::kBuffers, view.buffers_, view.buffer_count_))
    return Corrupt("buffers lie outside");
  if (!ReadCompression(metadata, batch, view.compression_)) return Corrupt("unknown compression");
  return view;
}

size_t ArrowMessageHeadBytes(LogCompressionType compression, size_t node_count,
                             size_t buffer_count) {
  return kArrowPrefixBytes + TemplateOf(compression).bytes + kListOverheadBytes +
         16 * (node_count + buffer_count);
}

ArrowMessageLists WriteArrowMessageHead(char* to, LogCompressionType compression, int64_t length,
                                        size_t node_count, size_t buffer_count,
                                        int64_t body_bytes) {
  const HeadTemplate& head = TemplateOf(compression);
  const size_t head_bytes = ArrowMessageHeadBytes(compression, node_count, buffer_count);
  StoreLe(to, kContinuation);
  StoreLe(to + 4, static_cast<int32_t>(head_bytes - kArrowPrefixBytes));
  char* metadata = to + kArrowPrefixBytes;
  std::memcpy(metadata, head.data.data(), head.bytes);
  StoreLe(metadata + kBodyLengthAt, body_bytes);
  StoreLe(metadata + head.length_at, length);

  char* buffers = metadata + head.bytes + 4;
  char* nodes = buffers + 16 * buffer_count + 8;
  StoreLe(buffers - 4, static_cast<uint32_t>(buffer_count));
  StoreLe(nodes - 8, uint32_t{0});
  StoreLe(nodes - 4, static_cast<uint32_t>(node_count));
  char* nodes_offset = metadata + head.nodes_offset_at;
  StoreLe(nodes_offset, static_cast<uint32_t>(nodes - 4 - nodes_offset));
  return {reinterpret_cast<ArrowFieldNode*>(nodes), reinterpret_cast<ArrowBuffer*>(buffers)};
}

}  // namespace weir
