// What an ARROW batch must be before anyone relies on it. One walk over nodes and buffers, a few
// nanoseconds each; never decompresses and never touches column data except the length in front of
// a compressed buffer. Runs when a batch comes from the network, and again before it is decoded.
#pragma once

#include "base/result.h"
#include "record/arrow_layout.h"
#include "record/arrow_message.h"
#include "record/log_batch.h"

namespace weir {

/// Limits on what a batch may declare to be when decompressed: of one buffer, and of all together.
/// Generous, because the Java writer fills batches by their estimated compressed size (2 MB): rows
/// that hardly differ make batches of a hundred times that.
inline constexpr int64_t kBufferBytesMax = 256 * MiB;
inline constexpr int64_t kBodyBytesMax = 512 * MiB;

/// A checked, non-empty batch taken apart.
struct ArrowBatchParts {
  ArrowMessageView message;
  BytesView body;
  BytesView change_types;   // empty: all kAppendOnly
  int64_t plain_bytes = 0;  // sum of the buffers' sizes when decompressed
};

/// Check a batch against the columns of its schema.
///
/// REQUIRES  !batch.empty()
/// Errors    kCorruptMessage  row, node or buffer counts differ from the schema's; buffers are out
/// of order, not
///                            8-aligned, outside the body or too small for their rows; unknown
///                            change types; sizes beyond the limits above
Result<ArrowBatchParts> CheckArrowBatch(const LogBatchView& batch, const ArrowLayout& layout);

/// The same for a batch from the network that is to be appended to a log of format ARROW; an empty
/// one passes. The CRC and the offsets are checked by CheckAppend, whatever the format.
Status CheckArrowAppend(const LogBatchView& batch, const ArrowLayout& layout);

}  // namespace weir
