// Log batches whose records are rows: log formats INDEXED and COMPACTED. Each record is
//   i32 length behind this field | u8 change type | row bytes
// with a row of the batch's schema. Format: docs/formats/log_batch.md.
// Source: org.apache.fluss.record.IndexedLogRecord, CompactedLogRecord.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/arrow_batch_writer.h"
#include "record/change_type.h"
#include "record/log_batch.h"

namespace weir {

struct RowLogRecord {
  ChangeType change;
  BytesView row;  // encoded; not checked
};

/// Walks the records of one batch, exactly record_count of them. `batch` must outlive the walk's
/// views.
class RowLogRecords {
 public:
  explicit RowLogRecords(const LogBatchView& batch)
      : rest_(batch.records()), left_(batch.record_count()) {}

  /// The next record; nothing behind the last.
  /// Errors  kCorruptMessage  a length or change type is impossible, or bytes follow the last
  /// record
  Result<std::optional<RowLogRecord>> Next();

 private:
  BytesView rest_;
  int32_t left_;
};

/// Check a batch from the network that is to be appended to a log of row format: its records are
/// all there and nothing else is. The rows themselves are checked when they are decoded. Errors
/// kCorruptMessage
Status CheckRowAppend(const LogBatchView& batch);

/// As much as an ARROW batch may be (record/arrow_batch_check.h).
inline constexpr size_t kRowBatchBytesMax = 512 * MiB;

/// Builds a magic 0 batch of rows. Reusable.
class RowLogBatchWriter {
 public:
  explicit RowLogBatchWriter(SchemaId schema_id) : schema_id_(schema_id) { Clear(); }

  /// Errors  kRecordTooLarge  the batch would be larger than kRowBatchBytesMax; it is unchanged
  Status Append(BytesView row, ChangeType change);
  int32_t row_count() const { return row_count_; }
  size_t bytes_estimate() const { return batch_.size(); }

  /// Append the finished batch (base offset 0) to `out` and start the next one.
  void Finish(BatchWriter writer, std::string& out);
  void Clear();

 private:
  SchemaId schema_id_;
  std::string batch_;
  int32_t row_count_ = 0;
  bool append_only_ = true;
};

}  // namespace weir
