// The rows of a table that are in its log and not in its lake table, as files a lake reader understands: Parquet data
// files by bucket and partition, and for primary-key tables which rows of older files they replace. Tiering commits
// such files; the live catalog hands them out without committing.
//
// Primary-key tables are reduced to the last row of each key; a key's older row is found through the key index and
// becomes a position to delete. Nothing is visible before somebody commits or hands out the files.
// One thread; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "lake/data_file.h"
#include "lake/parquet_writer.h"
#include "lake/position_deletes.h"
#include "lake/table_metadata.h"
#include "meta/table_info.h"
#include "tiering/bucket_logs.h"
#include "tiering/key_index.h"

namespace weir {

/// A stretch of one bucket's log.
struct TailRange {
  TableBucket bucket;
  Offset from = 0;
  Offset to = 0;
};

struct TailLimits {
  /// Log bytes to read before the tail stops early (whole batches; at least one).
  int64_t log_bytes_max = 64 * MiB;
  /// Memory of rows and keys that are held until their last change is known; primary-key tables only.
  int64_t memory_bytes_max = 64 * MiB;
  int64_t file_bytes_target = 128 * MiB;
};

struct TailRequest {
  TableRef table;
  const iceberg::TableMetadata* lake = nullptr;
  BucketLogs* logs = nullptr;
  iceberg::FileIo* io = nullptr;
  /// Of a primary-key table whose rows change; synced to lake->current_snapshot_id. Null: every row is new.
  const KeyIndex* index = nullptr;
  /// Where a data file of a partition goes: folder relative to nothing, ends without a slash.
  std::string folder;
  /// A file name that was never used before, without extension.
  std::function<std::string()> new_name;
  /// Called now and then, so that somebody can see that this is alive; an error stops the tail.
  std::function<Status()> alive;
  iceberg::ParquetWriterOptions parquet;
  TailLimits limits;
};

/// What one bucket gave.
struct TailPart {
  TableBucket bucket;
  Offset end = 0;  // the part covers the log up to here
  iceberg::PartitionValues partition;
  std::vector<iceberg::DataFile> data;  // spec and partition filled in
  iceberg::DeletedRows deleted;         // rows of older files that are gone
};

struct Tail {
  std::vector<TailPart> parts;  // of buckets that gave anything or moved on
  KeyChanges keys;              // for the index, once committed
  int64_t rows = 0;             // records read from the log
  int64_t log_bytes = 0;
  bool stopped_early =
      false;  // limits, or a batch with a schema that the lake table does not have yet
};

/// Write the files of `ranges`. On failure the paths of all files begun are in `written` for the caller to delete;
/// on success too.
/// Errors  kInvalidTable    the lake table does not fit the table
///         kCorruptMessage  a log batch is damaged;  those of BucketLogs and FileIo
Result<Tail> WriteTail(const TailRequest& request, const std::vector<TailRange>& ranges,
                       std::vector<std::string>& written);

/// The partition of a lake table that a bucket's rows go to.
/// Errors  kInvalidTable  the partition spec is not one of ours
Result<iceberg::PartitionValues> PartitionOf(const TableInfo& table,
                                             const iceberg::TableMetadata& lake,
                                             const TableBucket& bucket);

/// Whether rows of the table are ever replaced or deleted, so that it needs a key index.
bool NeedsKeyIndex(const TableInfo& table);

}  // namespace weir
