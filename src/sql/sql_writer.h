// Rows from SQL into a table: encoded and bucketed as the clients do it, sent to the buckets in
// batches, durable when Finish() returns. One statement, one thread. Rows sent before an error
// stay: a statement is not a transaction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "meta/catalog.h"
#include "record/value.h"
#include "sql/buckets.h"
#include "sql/sql_parts.h"
#include "sql/table_router.h"
#include "sql/writer_ids.h"

namespace weir {

class SqlWriter {
 public:
  /// target_columns  positions written by a partial update, the key among them; empty: whole rows
  static Result<std::unique_ptr<SqlWriter>> Make(TableRef table,
                                                 std::vector<int32_t> target_columns,
                                                 const SqlParts& parts);
  ~SqlWriter();

  /// Append to a log table, or insert or replace in a primary-key table.
  /// row     one Value per column; bytes are copied
  /// Errors  kSqlFailed  null in a NOT NULL or partition column that is written; names the column
  Status Write(std::span<const Value> row);

  /// Delete the row with the key columns of `row`.
  Status Delete(std::span<const Value> row);

  /// Send what is left and wait.
  Status Finish();

  int64_t rows() const { return rows_; }

 private:
  class Batch;  // of one bucket
  class KvBatch;
  class ArrowBatch;
  class RowBatch;

  SqlWriter(TableRef table, std::vector<int32_t> target_columns, TableRouter router,
            const SqlParts& parts, std::unique_ptr<SqlWriterId> writer);

  Status CheckNulls(std::span<const Value> row) const;
  Result<Batch*> BatchOf(std::span<const Value> row);
  Result<std::unique_ptr<Batch>> NewBatch() const;
  Result<std::optional<PartitionId>> PartitionOf(std::span<const Value> row);
  Status Written(size_t bytes);
  Status Flush();
  Status Send(const std::vector<BucketWrite>& writes);

  TableRef table_;
  const std::vector<int32_t> target_columns_;
  std::vector<bool> written_;  // by column: whether Write() sets it
  const TableRouter router_;
  const SqlParts parts_;
  std::unique_ptr<SqlWriterId> writer_;
  std::map<TableBucket, std::unique_ptr<Batch>> batches_;
  BucketId any_bucket_ = 0;  // of tables without a bucket key; moves on with every flush
  int64_t pending_bytes_ = 0;
  int64_t rows_ = 0;
  int64_t rows_sent_ = 0;  // of them
};

}  // namespace weir
