// Rows of a key-value state as batches of a lake table's columns, whatever schema each was stored with.
// One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lake/schema.h"
#include "meta/table_info.h"
#include "record/value.h"
#include "record/value_batch.h"
#include "tiering/lake_batch.h"

namespace arrow {
class RecordBatch;
}

namespace weir {

class StoredRowBatches {
 public:
  using Take = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

  /// take  is given batches of `lake`'s columns, in the order of Add but for rows of different schemas. System columns
  ///       say `bucket` and that a row of a state has no offset and no time of its own (LakeBatchReader::ReadState)
  /// Errors  kInvalidTable  the lake table does not fit the table
  static Result<StoredRowBatches> Create(const TableRef& table, const iceberg::Schema& lake,
                                         BucketId bucket, Take take);
  ~StoredRowBatches();
  StoredRowBatches(StoredRowBatches&&) noexcept;
  StoredRowBatches& operator=(StoredRowBatches&&) = delete;

  /// Errors  kSchemaNotExist, kCorruptRecord;  or what `take` returned
  Status Add(const StoredValue& stored);
  /// Hand over what is left.
  Status Flush();

 private:
  struct Columns;

  StoredRowBatches(TableRef table, BucketId bucket, Take take);
  Result<Columns*> ColumnsOf(SchemaId id);
  Status Flush(Columns& columns);

  TableRef table_;
  BucketId bucket_;
  Take take_;
  std::unique_ptr<LakeBatchReader> reader_;
  std::map<SchemaId, std::unique_ptr<Columns>> columns_;
  std::vector<Value> values_;
};

}  // namespace weir
