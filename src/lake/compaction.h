// Fewer, larger files with the same rows: small data files of a partition become one, rows that deletes took away are
// left out of the new files, many position delete files of a data file become one. First a plan, then the files
// of a step of it,
// then a snapshot change (operation replace) that the caller commits: nothing is visible before, and old files
// stay until their snapshots expire (expire_snapshots.h).
//
// Others may commit while the files are written: compaction_rebase.h brings the change to the table of now.
//
// A file is rewritten with files of about its own size or smaller, so a row is rewritten a number of times that grows
// with the logarithm of the rows beside it. New data files keep the sequence number of the state they were read
// from: deletes that others commit meanwhile still apply.
// Source: Iceberg specification, "Sequence Numbers", "Row Lineage". One thread; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/parquet_writer.h"
#include "lake/row_positions.h"
#include "lake/scan_planner.h"
#include "lake/snapshot_builder.h"
#include "lake/table_metadata.h"

namespace arrow {
class RecordBatch;
}

namespace weir::iceberg {

struct CompactionOptions {
  int64_t file_bytes_target = 128 * MiB;
  /// As many small files of one partition are worth a rewrite.
  int32_t small_files_min = 8;
  /// Rewrite a data file that lost this share of its rows.
  double deleted_share_min = 0.3;
  /// Merge the position delete files of a partition when a data file has this many.
  int32_t delete_files_min = 10;
  /// Bytes read by one step, about; at least one group's first files.
  int64_t step_bytes_max = 256 * MiB;
};

/// Files of one partition that become others.
struct CompactionGroup {
  enum class Kind : uint8_t { kData, kPositionDeletes };

  Kind kind = Kind::kData;
  int32_t spec_id = 0;
  PartitionValues partition;
  std::vector<FileScanTask> tasks;  // kData: to rewrite; kPositionDeletes: whose deletes to merge
};

struct CompactionPlan {
  std::vector<CompactionGroup> groups;
  int64_t bytes = 0;  // of the files to rewrite
  bool more = false;  // step_bytes_max left work for another step

  bool empty() const { return groups.empty(); }
};

/// What is worth doing in the current state of a table; reads manifests only.
Result<CompactionPlan> PlanCompaction(FileIo& io, const TableMetadata& table,
                                      const CompactionOptions& options);

struct CompactionRequest {
  FileIo& io;
  const TableMetadata& table;
  std::string folder;                     // of data files, without a slash at its end
  std::function<std::string()> new_name;  // never used before, without extension
  std::function<Status()> alive;          // called between batches; an error stops the step
  ParquetWriterOptions parquet;
  CompactionOptions options;
  /// Told where rows are now: file, position of the batch's first row in it, rows in the current schema's columns
  /// (more may follow behind them).
  std::function<Status(const std::string& path, int64_t first_row, const arrow::RecordBatch& rows)>
      on_rows;
};

/// A data file that was rewritten: which of its rows went where, so that deletes which others commit meanwhile can
/// follow them.
struct RewrittenFile {
  /// Rows of a new file, in the order they had in the old one.
  struct Run {
    std::string path;
    int64_t first_row = 0;
    int64_t rows = 0;
  };

  FileScanTask task;      // as it was read
  RowPositions left_out;  // deleted already
  std::vector<Run> runs;  // all others, in their order
};

struct Compacted {
  SnapshotChange change;
  std::vector<std::string> removed_data_files;
  int64_t rows = 0;

  // What it was made from, for compaction_rebase.h.
  int64_t base_snapshot_id = 0;
  int64_t base_sequence_number = 0;
  std::vector<RewrittenFile> rewritten;
  std::vector<FileScanTask> merged;   // data files whose delete files became others
  std::vector<FileKey> merged_files;  // those delete files
};

/// Write the files of a plan for `request.table`. Paths begun are added to `written`, also on failure.
/// Errors  those of TableReader, FileIo, `alive` and `on_rows`
Result<Compacted> WriteCompaction(const CompactionRequest& request, const CompactionPlan& plan,
                                  std::vector<std::string>& written);

}  // namespace weir::iceberg
