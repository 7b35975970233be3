// The one Arrow IPC message an ARROW batch holds: a RecordBatch without schema, dictionaries or end
// marker.
//   0xFFFFFFFF | i32 metadata bytes | metadata (flatbuffer, padded to 8) | body
// Reading checks every offset of the flatbuffer; writing fills in a template, because the metadata
// of such messages differs in nothing but a few numbers and the lists of nodes and buffers. Source:
// Arrow columnar format, "Encapsulated message format"; Message.fbs. docs/formats/arrow_batch.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "record/log_compression.h"

namespace weir {

inline constexpr size_t kArrowPrefixBytes = 8;  // continuation marker and metadata length

struct ArrowFieldNode {
  Le<int64_t> length;
  Le<int64_t> null_count;
};
static_assert(sizeof(ArrowFieldNode) == 16);

/// Where a buffer lies in the body; `length` does not count padding.
struct ArrowBuffer {
  Le<int64_t> offset;
  Le<int64_t> length;
};
static_assert(sizeof(ArrowBuffer) == 16);

/// A parsed message over its bytes. Says nothing yet about whether nodes and buffers make sense.
class ArrowMessageView {
 public:
  /// Read the metadata at the front of a message. The body need not be in `front`.
  /// Errors  kCorruptMessage  not a RecordBatch message of metadata V5, cut short, or offsets lead
  /// outside
  static Result<ArrowMessageView> Parse(BytesView front);

  int64_t length() const { return length_; }
  LogCompressionType compression() const { return compression_; }
  size_t node_count() const { return node_count_; }
  size_t buffer_count() const { return buffer_count_; }
  const ArrowFieldNode* nodes() const { return reinterpret_cast<const ArrowFieldNode*>(nodes_); }
  const ArrowBuffer* buffers() const { return reinterpret_cast<const ArrowBuffer*>(buffers_); }

  /// Where the body starts in the message, and its bytes including padding.
  size_t body_at() const { return body_at_; }
  int64_t body_bytes() const { return body_bytes_; }

 private:
  ArrowMessageView() = default;

  int64_t length_ = 0;
  int64_t body_bytes_ = 0;
  const char* nodes_ = nullptr;
  const char* buffers_ = nullptr;
  uint32_t node_count_ = 0;
  uint32_t buffer_count_ = 0;
  size_t body_at_ = 0;
  LogCompressionType compression_ = LogCompressionType::kNone;
};

/// Bytes of prefix and metadata together: where the body of a message of this size starts.
size_t ArrowMessageHeadBytes(LogCompressionType compression, size_t node_count,
                             size_t buffer_count);

/// The bytes of a whole message's head that its first kArrowPrefixBytes announce.
/// Errors  kCorruptMessage  no continuation marker, or an impossible length
Result<size_t> AnnouncedHeadBytes(BytesView front);

/// The lists of a head that WriteArrowMessageHead wrote, to be filled by the caller.
struct ArrowMessageLists {
  ArrowFieldNode* nodes;
  ArrowBuffer* buffers;
};

/// Write prefix and metadata at `to`, byte for byte as Arrow Java 15 does; the lists' contents are
/// up to the caller. `to` has room for ArrowMessageHeadBytes.
ArrowMessageLists WriteArrowMessageHead(char* to, LogCompressionType compression, int64_t length,
                                        size_t node_count, size_t buffer_count, int64_t body_bytes);

}  // namespace weir
