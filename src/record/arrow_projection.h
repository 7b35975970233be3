// Column pruning on the server: what a reader that wants some columns gets, cut from stored ARROW
// batches without decompressing or copying column data. Only the first bytes of a batch (header,
// change types, message metadata) are read; the rest is named as ranges of the source, so it can go
// from file to socket. Format: docs/formats/arrow_batch.md. Source:
// org.apache.fluss.record.FileLogProjection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/arrow_layout.h"
#include "record/arrow_message.h"
#include "record/log_batch.h"

namespace weir {

/// The projected form of a byte range of batches: pieces to be sent one after the other. Reusable.
struct ProjectedBatches {
  struct Piece {
    bool owned;      // of `head`, else of the source
    int64_t offset;  // where the bytes start in there
    int64_t bytes;
  };

  std::string head;           // new headers, change types and metadata of all batches
  std::vector<Piece> pieces;  // neighbours are joined
  int64_t bytes = 0;          // of all pieces

  void Clear();

  /// Add the piece that starts at `offset` to the end; empty ones vanish.
  void Add(bool owned, int64_t offset, int64_t bytes);

  /// The projected bytes in one string; `source` is what the offsets of the pieces count in.
  std::string Join(BytesView source) const;
};

/// Prepared once per (schema of the batches, columns). Immutable, any thread.
class ArrowProjection {
 public:
  /// stored     schema the batches were written with
  /// latest     schema that `positions` count in: `stored`, or a later one that only has more
  /// columns at the end;
  ///            a column the batches do not have yet comes out as all null
  /// positions  of the wanted columns, strictly ascending, at least one
  /// Errors     kInvalidColumnProjection  positions are not ascending or not of `latest`
  static Result<ArrowProjection> Create(const Schema& stored, const Schema& latest,
                                        std::span<const int32_t> positions);

  /// Project the batch at the front of `front` and add it to `out`. The CRC of the result is that
  /// of the source and hence wrong, as readers expect; an empty batch is passed on as it is.
  ///
  /// front          the batch, or as much of its front as is in memory
  /// source_offset  where the batch starts in the source, which holds all of it (the caller knows)
  /// Returns  0 when done. Else how many bytes of the front are needed, more than front.size(), and
  /// `out` is
  ///          unchanged
  /// Errors   kCorruptMessage           the batch is not one of the stored schema; `out` is
  /// unchanged
  ///          kInvalidColumnProjection  the nulls of a missing column would take more than
  ///          kBodyBytesMax
  Result<size_t> Project(BytesView front, int64_t source_offset, ProjectedBatches& out) const;

 private:
  struct Range {
    uint32_t first;
    uint32_t count;
  };
  struct Missing;

  ArrowProjection() = default;
  Status CheckCounts(const ArrowMessageView& message, const LogBatchHeader& header,
                     int64_t message_bytes) const;
  Result<int64_t> KeptBodyBytes(const ArrowMessageView& message) const;
  Status MakeMissing(const ArrowMessageView& message, Missing& out) const;
  void FillLists(const ArrowMessageView& message, const Missing& missing,
                 ArrowMessageLists lists) const;
  void AddBody(const ArrowMessageView& message, int64_t body_at, ProjectedBatches& out) const;

  size_t source_nodes_ = 0;
  size_t source_buffers_ = 0;
  std::vector<Range> nodes_;    // runs of the source's nodes that are kept
  std::vector<Range> buffers_;  // likewise
  size_t kept_nodes_ = 0;
  size_t kept_buffers_ = 0;
  std::vector<ArrowNode> missing_;  // columns newer than the batches, flattened
  size_t missing_buffers_ = 0;
};

}  // namespace weir
