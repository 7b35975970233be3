// How DuckDB gets at Weir's tables: names it does not know are looked up by the query being
// prepared on this thread (a replacement scan), and become calls of one table function that reads a
// TableScan.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sql/duckdb_api.h"
#include "sql/table_scan.h"

namespace weir {

/// The tables of one query. Called on the thread that prepares or starts it.
class TableResolver {
 public:
  virtual ~TableResolver() = default;
  /// `name` as written, parts joined by dots, without quotes. Null when it is no table of Weir.
  /// Errors  the table is there but cannot be read
  virtual Result<std::shared_ptr<TableScan>> Resolve(const std::string& name) = 0;
};

/// While this lives, queries prepared or started on this thread look up their tables in `resolver`.
class ResolverScope {
 public:
  explicit ResolverScope(TableResolver& resolver);
  ~ResolverScope();
  ResolverScope(const ResolverScope&) = delete;
  ResolverScope& operator=(const ResolverScope&) = delete;

 private:
  TableResolver* const before_;
};

/// Register the function and the replacement scan with a fresh database.
Status RegisterScanFunction(duckdb_database database, duckdb_connection connection);

}  // namespace weir
