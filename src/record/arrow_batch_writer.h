// Rows in, one ARROW log batch out. The write-ahead log of every upsert goes through here, so
// columns are collected in plain buffers that are kept from batch to batch. One writer per (schema,
// compression), one thread at a time. Format: docs/formats/arrow_batch.md.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "record/change_type.h"
#include "record/log_compression.h"
#include "record/value.h"

namespace weir {

class Schema;

/// Who wrote a batch. Neutral values: not idempotent.
struct BatchWriter {
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
};

class ArrowBatchWriter {
 public:
  /// A writer for rows of `schema`, which is copied from as needed and need not outlive the writer.
  static Result<std::unique_ptr<ArrowBatchWriter>> Create(const Schema& schema, SchemaId schema_id,
                                                          LogCompression compression);
  ~ArrowBatchWriter();

  /// Add a row at the end of the batch under construction.
  ///
  /// row     one Value per column of the schema; bytes are copied. Times are truncated to the
  /// column's unit Errors  kCorruptRecord  a value cannot stand in its column: null in a NOT NULL
  /// key of a map, a decimal of
  ///                         more than 16 bytes, nested bytes that do not parse. The batch is
  ///                         unchanged
  ///         kRecordTooLarge  readers would not take the batch with this row in it
  ///                          (record/arrow_batch_check.h). The batch is unchanged
  Status Append(std::span<const Value> row, ChangeType change);

  int32_t row_count() const;

  /// About how large the batch would be without compression; grows with every Append.
  size_t bytes_estimate() const;

  /// Append the finished batch (magic 0, base offset 0) to `out` and start the next one. Change
  /// types are stored unless all rows are kAppendOnly. Without rows this is an empty batch.
  Status Finish(BatchWriter writer, std::string& out);

  /// Forget the rows added since the last Finish.
  void Clear();

 private:
  class Rep;
  explicit ArrowBatchWriter(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace weir
