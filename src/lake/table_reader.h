// The live rows of one scan task: a data file's columns without the rows that its delete files take away, whoever wrote
// them (position deletes, deletion vectors, equality deletes). Memory is bounded by DeleteLimits and one batch.
//
//   DeleteCache deletes(io, DeleteLimits{});              // one for a scan; shares what several tasks need
//   ASSIGN_OR_RETURN(auto reader, TableReader::Open(io, deletes, table, task, projection));
//   while (true) {
//     ASSIGN_OR_RETURN(const std::shared_ptr<arrow::RecordBatch> batch, reader->Next());
//     if (batch == nullptr) break;
//   }
//
// `projection` may name metadata columns by their reserved ids (position_deletes.h): _file, _pos, and in v3 _row_id
// and _last_updated_sequence_number.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/expression.h"
#include "lake/scan_planner.h"
#include "lake/schema.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace weir::iceberg {

class FileIo;
struct TableMetadata;

struct DeleteLimits {
  /// Memory of all deletes of a scan. More is an error (kRecordTooLarge), never a wrong answer.
  int64_t memory_bytes_max = 256 * MiB;
};

/// Delete files that were read, shared by the readers of one scan. Thread-safe.
class DeleteCache {
 public:
  DeleteCache(FileIo& io, DeleteLimits limits);
  ~DeleteCache();
  DeleteCache(const DeleteCache&) = delete;
  DeleteCache& operator=(const DeleteCache&) = delete;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

struct TableReadOptions {
  int64_t batch_rows_max = 32'768;
  /// Bound (Bind in expression.h). Skips row groups; rows are not filtered.
  Expression filter = Expression::True();
};

class TableReader {
 public:
  virtual ~TableReader() = default;

  /// Errors  those of ParquetReader::Open;  kRecordTooLarge  too many deletes for DeleteLimits;
  ///         kUnsupportedVersion  a data file that is not Parquet
  static Result<std::unique_ptr<TableReader>> Open(FileIo& io, DeleteCache& deletes,
                                                   const TableMetadata& table,
                                                   const FileScanTask& task,
                                                   const Schema& projection,
                                                   TableReadOptions options = {});

  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// The next live rows, at least one; null at the end.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

}  // namespace weir::iceberg
