// Rows into a table: collected into batches per bucket, sent pipelined, acknowledged in Flush.
// Idempotent: every batch carries this writer's id and a sequence per bucket. One thread; uses the
// client's connections meanwhile, so nobody else may.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/fluss_client.h"
#include "client/row_router.h"
#include "record/arrow_batch_writer.h"
#include "record/kv_batch.h"
#include "record/row_format.h"
#include "record/row_log_batch.h"

namespace weir {

struct WriterOptions {
  size_t batch_bytes = 512 * KiB;  // a batch is sent when it would be about this large
  size_t in_flight_max = 8;        // batches without an answer
  std::vector<int>
      target_columns;  // partial update: positions, with the whole primary key; empty: all columns
};

class TableWriter {
 public:
  static Result<std::unique_ptr<TableWriter>> Open(FlussClient& client, TableRef table,
                                                   WriterOptions options);
  ~TableWriter();

  /// Add a row to a log table.
  /// Errors  of this row (kCorruptRecord, kPartitionNotExists), or of a batch sent earlier
  Status Append(std::span<const Value> row);

  /// Insert or replace, or remove, a row of a primary-key table. Delete reads only the key columns.
  Status Upsert(std::span<const Value> row);
  Status Delete(std::span<const Value> row);

  /// Send what is collected without waiting.
  Status Send();
  /// Send what is collected and wait until the server has acknowledged everything.
  Status Flush();

 private:
  struct Bucket;
  struct InFlight {
    ClientConnection* connection;
    int32_t request_id;
  };

  TableWriter(FlussClient& client, TableRef table, WriterOptions options, RowRouter router);

  Result<Bucket*> BucketFor(std::span<const Value> row);
  Status SendBucket(const TableBucket& id, Bucket& bucket);
  /// Receive one reply on the connection of the oldest batch.
  Status ReceiveOne();

  FlussClient& client_;
  const TableRef table_;
  const WriterOptions options_;
  RowRouter router_;
  const RowEncoder row_encoder_;
  int64_t writer_id_ = -1;
  std::map<TableBucket, std::unique_ptr<Bucket>> buckets_;
  BucketId sticky_bucket_ = 0;  // of rows without a bucket key; moves on with every batch
  std::string row_;
  std::deque<InFlight> in_flight_;
};

}  // namespace weir
