// A log batch as rows of the lake table: the columns of its present schema with the lake's types, and what the log
// knows about each row (bucket, offset, time) where the layout has columns for it. Columns, never rows: nothing
// is copied whose type is the same on both sides.
// One thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lake/schema.h"
#include "meta/table_info.h"
#include "record/change_type.h"
#include "record/log_batch.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace weir {

class ArrowBatchReader;

struct LakeRows {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<ChangeType> changes;  // one per row; empty: all kAppendOnly
  Offset base_offset = 0;           // of the first row
};

class LakeBatchReader {
 public:
  /// Errors  kInvalidTable  the lake table does not fit the table
  static Result<std::unique_ptr<LakeBatchReader>> Create(TableRef table,
                                                         const iceberg::Schema& lake);
  ~LakeBatchReader();

  /// Whether batches of this schema can be read: newer ones cannot, before the lake table has their columns.
  bool Knows(SchemaId schema) const { return table_->FindSchema(schema) != nullptr; }

  /// The rows of `batch` at offsets in [from, to).
  /// Errors  kCorruptMessage  the batch is damaged
  Result<LakeRows> Read(const LogBatchView& batch, BucketId bucket, Offset from, Offset to);
  /// All rows of a batch that holds rows of a state, not of a log: their offset and time are -1, as in files of
  /// Fluss' own job. Source: Fluss 545c5539 ScanRecord, FlussRecordAsIcebergRecord.
  /// Errors  kCorruptMessage  the batch is damaged
  Result<LakeRows> ReadState(const LogBatchView& batch, BucketId bucket);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

 private:
  enum class Source : uint8_t { kColumn, kBucket, kOffset, kTimestamp, kNull };
  struct Target {
    Source source = Source::kNull;
    int32_t column_id = -1;  // kColumn: of the Fluss schema
  };
  struct Decoder;

  explicit LakeBatchReader(TableRef table);
  Result<Decoder*> DecoderOf(SchemaId schema);

  /// What the system columns of a batch say.
  struct System {
    BucketId bucket = 0;
    Offset offset = 0;  // of the first row
    int64_t step = 1;   // from one row's offset to the next
    int64_t time_us = 0;
  };
  Result<LakeRows> Convert(const LogBatchView& batch, int64_t first, int64_t count,
                           const System& system);

  const TableRef table_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Target> targets_;  // per column of schema_
  std::map<SchemaId, std::unique_ptr<Decoder>> decoders_;
};

}  // namespace weir
