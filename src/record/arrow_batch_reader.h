// ARROW log batches in, Arrow record batches or plain rows out. Safe on any bytes: sizes, depth and decompression
// are bounded before memory is spent. One reader per schema; a reader has scratch space: one thread at a time.
// Format: docs/formats/arrow_batch.md.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/change_type.h"
#include "record/log_batch.h"

namespace weir {

class Schema;
class Value;

/// A decoded batch. `rows` owns its memory.
struct ArrowBatch {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<ChangeType> changes;  // one per row
};

/// The cheap checks a batch from the network must pass before it is appended to a log whose format is ARROW: the
/// message parses, its row, node and buffer counts are those of the schema, buffers lie inside the body in order,
/// change types are known. Never decompresses. The CRC is checked apart (LogBatchView::CheckCrc).
class ArrowAppendCheck {
 public:
  explicit ArrowAppendCheck(const Schema& schema);

  /// Errors  kCorruptMessage  the batch is not one of this schema
  Status Check(const LogBatchView& batch) const;

 private:
  size_t node_count_ = 0;
  size_t buffer_count_ = 0;
};

class ArrowBatchReader {
 public:
  static Result<std::unique_ptr<ArrowBatchReader>> Create(const Schema& schema);
  ~ArrowBatchReader();

  /// Decode a batch written with the reader's schema.
  ///
  /// Shape   the schema's columns, header().record_count rows; validated in full
  /// Errors  kCorruptMessage  anything about the bytes is wrong, or they decompress beyond the limits
  Result<ArrowBatch> Read(const LogBatchView& batch);

  /// Make `batch` the one that Row() reads. Its bytes must stay until the next Open.
  /// Errors  as Read
  Status Open(const LogBatchView& batch);

  int32_t row_count() const;
  ChangeType change(int32_t row) const;

  /// The values of one row, in schema order; valid until the next call of Row or Open.
  /// row     [0, row_count())
  /// Errors  kCorruptMessage  bytes of this row are wrong in a way Open could not see
  Result<std::span<const Value>> Row(int32_t row);

 private:
  class Rep;
  explicit ArrowBatchReader(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace weir
