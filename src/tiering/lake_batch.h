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

  const TableRef table_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Target> targets_;  // per column of schema_
  std::map<SchemaId, std::unique_ptr<Decoder>> decoders_;
};

}  // namespace weir
