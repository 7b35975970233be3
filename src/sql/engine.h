// SQL over Weir's tables. The engine is DuckDB, loaded at the first statement; tables, writes and
// DDL are ours.
//   text -> script.h (split) -> parser.h (our statements) | DuckDB (queries) -> result_stream.h
//   (bytes)
// Queries see every table at one moment: the first step of a statement is to fix the offsets of its
// tables. Owned by server/; thread-safe, and blocking: call it from a thread that may wait, never
// from a shard.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/options.h"
#include "base/result.h"
#include "sql/result_stream.h"

namespace weir {

namespace iceberg {
class TableCatalog;
}
class Catalog;
class SqlBuckets;

/// Whether tables can be tiered into a lake (option datalake.enabled).
enum class LakeTiering { kOff, kOn };

struct SqlOptions {
  int64_t memory_bytes_max = 1 * GiB;  // of DuckDB's operators, all statements together
  int32_t threads = 0;                 // of DuckDB; 0: one per core
  LakeTiering lake = LakeTiering::kOff;
};

inline constexpr std::array kSqlOptions = {
    Option<SqlOptions>{"sql.memory-max", &SqlOptions::memory_bytes_max, 64 * MiB, 1024 * GiB,
                       kRestart,
                       "Memory that all SQL statements together may take in DuckDB; a statement "
                       "that needs more fails."},
    Option<SqlOptions>{"sql.threads", &SqlOptions::threads, 0, 1024, kRestart,
                       "Threads that compute SQL statements; 0 for one per core."},
};

class SqlEngine {
 public:
  /// `catalog` must outlive the engine. For the buckets of a server: MakeTabletBuckets(tablets),
  /// sql/buckets.h.
  /// lake  the tables that are tiered into it, and those of others; may be null; must outlive the
  ///       engine
  SqlEngine(SqlOptions options, Catalog& catalog, std::unique_ptr<SqlBuckets> buckets,
            iceberg::TableCatalog* lake = nullptr);
  ~SqlEngine();

  /// Begin to run `request` in a new session. Nothing is executed before the first Next().
  /// The engine must outlive the stream.
  std::unique_ptr<ResultStream> Run(SqlRequest request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
