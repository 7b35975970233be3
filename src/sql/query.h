// One DuckDB instance for all statements, locked down, and queries run in it: chunks come out as
// they are computed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/duckdb_handles.h"
#include "sql/scan_function.h"

namespace weir {

struct SqlOptions;

/// The shared database. It holds no data and reaches neither files nor network.
class DuckInstance {
 public:
  /// Load DuckDB and open an empty database.
  /// Errors  kUnsupportedVersion  no library;  kSqlFailed  DuckDB refuses to start
  static Result<std::unique_ptr<DuckInstance>> Open(const SqlOptions& options);

  Result<DuckConnection> Connect();

 private:
  DuckInstance() = default;

  DuckDatabase database_;
};

struct ResultColumn {
  std::string name;
  DuckType type;
  std::string type_name;  // "DECIMAL(10,2)", for people
};

/// A read-only query that has been started. Chunks are pulled; one thread at a time.
class DuckQuery {
 public:
  /// Prepare `sql` and run it up to its first rows.
  ///
  /// connection   used by this query alone while it lives
  /// tables       outlives the query
  /// interrupted  set before somebody interrupts the connection; outlives the query
  /// Errors       kSqlFailed  with DuckDB's words; a statement that is not a query, a function that
  ///              is not open to users;  kCancelled  interrupted
  static Result<std::unique_ptr<DuckQuery>> Start(duckdb_connection connection,
                                                  const std::string& sql, TableResolver& tables,
                                                  const std::atomic<bool>& interrupted);
  ~DuckQuery();

  /// How many columns `sql` has, without running it.
  static Result<size_t> CountColumns(duckdb_connection connection, const std::string& sql,
                                     TableResolver& tables);

  const std::vector<ResultColumn>& columns() const { return columns_; }

  /// The next rows, or an empty handle at the end. Vectors are flat.
  Result<DuckChunk> Next();

  /// For Arrow: the query's own result options.
  duckdb_result& result() { return result_; }

 private:
  DuckQuery(duckdb_connection connection, std::string sql, TableResolver& tables,
            const std::atomic<bool>& interrupted)
      : connection_(connection), sql_(std::move(sql)), tables_(tables), interrupted_(interrupted) {}

  /// Why the query failed, when DuckDB has forgotten.
  Failure LostReason();

  const duckdb_connection connection_;
  const std::string sql_;
  TableResolver& tables_;
  const std::atomic<bool>& interrupted_;
  DuckPrepared prepared_;
  duckdb_result result_{};
  bool has_result_ = false;
  std::vector<ResultColumn> columns_;
};

/// A DuckDB type as it is written in SQL.
std::string TypeText(duckdb_logical_type type);

}  // namespace weir
