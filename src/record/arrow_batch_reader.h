// ARROW log batches in, Arrow record batches or plain rows out. Safe on any bytes: sizes, depth and
// decompression are bounded before memory is spent. One reader per schema; a reader has scratch
// space: one thread at a time. Format: docs/formats/arrow_batch.md.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/change_type.h"
#include "record/log_batch.h"
#include "record/value.h"

namespace weir {

class Schema;

/// A decoded batch. `rows` owns its memory.
struct ArrowBatch {
  std::shared_ptr<arrow::RecordBatch> rows;
  /// One per row; empty when the batch is append-only: then every row is kAppendOnly.
  std::vector<ChangeType> changes;
};

class ArrowBatchReader {
 public:
  /// A reader of all columns.
  static Result<std::unique_ptr<ArrowBatchReader>> Create(const Schema& schema);

  /// A reader of the columns at `positions`, in that order; the others are not even decompressed.
  /// Errors  kInvalidColumnProjection  a position is not of the schema
  static Result<std::unique_ptr<ArrowBatchReader>> Create(const Schema& schema,
                                                          std::span<const int32_t> positions);
  ~ArrowBatchReader();

  /// Decode a batch written with the reader's schema.
  ///
  /// Shape   the chosen columns, header().record_count rows; validated in full
  /// Errors  kCorruptMessage  anything about the bytes is wrong, or they decompress beyond the
  /// limits
  Result<ArrowBatch> Read(const LogBatchView& batch);

  /// Make `batch` the one that Row() reads. Its bytes must stay until the next Open.
  /// Errors  as Read
  Status Open(const LogBatchView& batch);

  int32_t row_count() const;
  ChangeType change(int32_t row) const;

  /// The values of one row's chosen columns; valid until the next call of Row or Open.
  /// row     [0, row_count())
  /// Shape   nested values are encoded with compacted rows inside; text is not checked to be UTF-8
  /// Errors  kCorruptMessage  bytes of this row are wrong in a way Open could not see
  Result<std::span<const Value>> Row(int32_t row);

 private:
  class Rep;
  explicit ArrowBatchReader(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace weir
