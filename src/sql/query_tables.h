// The tables of one query: looked up by name in the catalog, each fixed at one moment before the
// query runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "meta/catalog.h"
#include "sql/buckets.h"
#include "sql/predicate.h"
#include "sql/scan_function.h"
#include "sql/sql_parts.h"

namespace weir {

/// [catalog.]database.table, or table in `database`.
struct TableReference {
  TablePath path;
  bool changelog = false;  // table$changelog
};
TableReference ParseTableReference(std::string_view dotted, const std::string& database);

/// Like Catalog::GetTable, with a hint when the name is nearly that of something else.
/// Errors  kDatabaseNotExist, kTableNotExist
Result<TableRef> FindTableOrHint(const Catalog& catalog, const TablePath& path);
/// The hint alone for databases. Errors  kDatabaseNotExist
Status CheckDatabase(const Catalog& catalog, std::string_view name);

class QueryTables : public TableResolver {
 public:
  /// sql         the query
  /// shape       the text whose WHERE says which rows are wanted: the query, or what it wraps
  /// connection  the query's own
  QueryTables(const SqlParts& parts, std::string database, std::string sql, std::string_view shape,
              duckdb_connection connection);

  /// The query as DuckDB must see it: tables of the same name in two databases are told apart.
  const std::string& sql() const { return sql_; }

  Result<std::shared_ptr<TableScan>> Resolve(const std::string& name) override;

  /// The error that Resolve gave last: DuckDB wraps it in words of its own.
  const std::optional<Error>& error() const { return error_; }

 private:
  void CollectNames();
  Result<std::shared_ptr<TableScan>> Open(const std::string& name);
  Result<std::shared_ptr<TableScan>> OpenLog(const TableRef& table, bool changelog,
                                             const Conditions& conditions);
  Result<std::shared_ptr<TableScan>> OpenKv(const TableRef& table, const Conditions& conditions);

  Catalog& catalog_;
  SqlBuckets& buckets_;
  const std::string database_;
  std::string sql_;
  std::map<std::string, std::string, std::less<>>
      qualified_;  // "event" -> "bronze.event", as the query writes it
  std::map<std::string, std::string, std::less<>> missing_;  // the same for names that are no table
  const QueryShape shape_;
  const duckdb_connection connection_;
  std::map<std::string, std::shared_ptr<TableScan>, std::less<>> scans_;  // by name as written
  std::map<TablePath, std::shared_ptr<TableScan>>
      states_;  // primary-key tables read without conditions
  std::optional<Error> error_;
};

}  // namespace weir
