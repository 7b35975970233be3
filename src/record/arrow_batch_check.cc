#include "record/arrow_batch_check.h"

#include <algorithm>

#include "record/arrow_buffer_codec.h"
#include "record/change_type.h"

namespace weir {

namespace {

Failure Corrupt(const char* what, int64_t actual, int64_t expected) {
  return Fail(ErrorCode::kCorruptMessage, "arrow batch: {}: actual={} expected={}", what, actual,
              expected);
}

// Walks the layout with the message's nodes and buffers beside it.
class Walk {
 public:
  Walk(const ArrowLayout& layout, const ArrowMessageView& message, BytesView body)
      : layout_(layout), message_(message), body_(body) {}

  /// Check the subtree at the current node, which must have `length` values.
  Status Subtree(int64_t length) {
    const ArrowNode& shape = layout_.nodes()[node_];
    const size_t end = node_ + shape.nodes;
    const int64_t null_count = message_.nodes()[node_].null_count;
    if (message_.nodes()[node_].length != length) {
      return Corrupt("node length", message_.nodes()[node_].length, length);
    }
    if (length > INT32_MAX) return Corrupt("node is too long", length, INT32_MAX);
    if (null_count < 0 || null_count > length) return Corrupt("null count", null_count, length);
    ++node_;

    RETURN_IF_ERROR(Buffer(null_count == 0 ? 0 : Bits(length)));
    switch (shape.shape) {
      case ArrowShape::kBits:
        return Buffer(Bits(length));
      case ArrowShape::kFixed:
        return Buffer(length * shape.width);
      case ArrowShape::kBytes:
        RETURN_IF_ERROR(Buffer(Offsets(length)));
        return Buffer(0);
      case ArrowShape::kList:
        RETURN_IF_ERROR(Buffer(Offsets(length)));
        return Subtree(message_.nodes()[node_].length);
      case ArrowShape::kStruct:
        break;
    }
    while (node_ < end) RETURN_IF_ERROR(Subtree(length));
    return {};
  }

  size_t node() const { return node_; }
  int64_t plain_bytes() const { return plain_bytes_; }

 private:
  static int64_t Bits(int64_t length) { return length / 8 + (length % 8 != 0); }
  static int64_t Offsets(int64_t length) { return length == 0 ? 0 : (length + 1) * 4; }

  // Check the next buffer, which must have at least `needed` bytes when decompressed.
  Status Buffer(int64_t needed) {
    const int64_t offset = message_.buffers()[buffer_].offset;
    const int64_t length = message_.buffers()[buffer_].length;
    const auto body_bytes = static_cast<int64_t>(body_.size());
    ++buffer_;
    if (offset < end_ || offset % 8 != 0) return Corrupt("buffer offset", offset, end_);
    if (length < 0 || offset > body_bytes || length > body_bytes - offset) {
      return Corrupt("buffer leaves the body", offset, body_bytes);
    }
    end_ = offset + length;
    int64_t plain = length;
    if (message_.compression() != LogCompressionType::kNone && length != 0) {
      if (length < static_cast<int64_t>(kBufferPrefixBytes))
        return Corrupt("compressed buffer", length, 8);
      const auto declared = LoadLe<int64_t>(body_.data() + offset);
      const auto stored = length - static_cast<int64_t>(kBufferPrefixBytes);
      plain = declared == kStoredRaw ? stored : declared;
      if (plain < 0 || plain > std::max(kBufferBytesMax, stored)) {
        return Corrupt("declared buffer size", plain, kBufferBytesMax);
      }
    }
    if (plain < needed) return Corrupt("buffer size", plain, needed);
    plain_bytes_ += plain;
    return {};
  }

  const ArrowLayout& layout_;
  const ArrowMessageView& message_;
  const BytesView body_;
  size_t node_ = 0;
  size_t buffer_ = 0;
  int64_t end_ = 0;
  int64_t plain_bytes_ = 0;
};

Status CheckChangeTypes(BytesView types) {
  const auto unknown = [](char type) { return static_cast<uint8_t>(type) > kChangeTypeLast; };
  if (std::any_of(types.begin(), types.end(), unknown)) {
    return Fail(ErrorCode::kCorruptMessage, "arrow batch: unknown change type");
  }
  return {};
}

}  // namespace

Result<ArrowBatchParts> CheckArrowBatch(const LogBatchView& batch, const ArrowLayout& layout) {
  ASSIGN_OR_RETURN(const ArrowMessageView message, ArrowMessageView::Parse(batch.arrow_message()));
  const BytesView rest = batch.arrow_message().substr(message.body_at());
  const auto rest_bytes = static_cast<int64_t>(rest.size());
  if (message.body_bytes() > rest_bytes)
    return Corrupt("body bytes", rest_bytes, message.body_bytes());
  if (message.body_bytes() % 8 != 0) return Corrupt("body is not padded", message.body_bytes(), 8);
  if (message.length() != batch.record_count())
    return Corrupt("rows", message.length(), batch.record_count());
  if (message.node_count() != layout.node_count()) {
    return Corrupt("nodes", static_cast<int64_t>(message.node_count()),
                   static_cast<int64_t>(layout.node_count()));
  }
  if (message.buffer_count() != layout.buffer_count()) {
    return Corrupt("buffers", static_cast<int64_t>(message.buffer_count()),
                   static_cast<int64_t>(layout.buffer_count()));
  }
  RETURN_IF_ERROR(CheckChangeTypes(batch.arrow_change_types()));

  ArrowBatchParts parts{message, rest.substr(0, static_cast<size_t>(message.body_bytes())),
                        batch.arrow_change_types()};
  Walk walk(layout, message, parts.body);
  while (walk.node() < layout.node_count()) RETURN_IF_ERROR(walk.Subtree(message.length()));
  const int64_t plain_max = std::max(kBodyBytesMax, batch.header().total_bytes);
  if (walk.plain_bytes() > plain_max) {
    return Corrupt("declared body size", walk.plain_bytes(), plain_max);
  }
  parts.plain_bytes = walk.plain_bytes();
  return parts;
}

Status CheckArrowAppend(const LogBatchView& batch, const ArrowLayout& layout) {
  if (!batch.empty()) RETURN_IF_ERROR(CheckArrowBatch(batch, layout));
  return {};
}

}  // namespace weir
