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
#include "sql/lake_tables.h"
#include "sql/names_in_query.h"
#include "sql/predicate.h"
#include "sql/scan_function.h"
#include "sql/sql_parts.h"
#include "sql/table_reference.h"

namespace weir {

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
  QueryTables(const SqlParts& parts, std::string database, std::string_view sql,
              std::string_view shape, duckdb_connection connection);

  /// The query as DuckDB must see it (NamesInQuery).
  const std::string& sql() const { return names_.sql(); }

  Result<std::shared_ptr<TableScan>> Resolve(const std::string& name) override;

  /// Per table what was read so far: "bronze.event: 5 rows hot …"; for EXPLAIN ANALYZE.
  std::vector<std::string> DescribeReads() const;

  /// The error that Resolve gave last: DuckDB wraps it in words of its own.
  const std::optional<Error>& error() const { return error_; }

 private:
  NamesInQuery NamesOf(std::string_view sql) const;
  bool Exists(const std::string& dotted) const;
  Result<std::shared_ptr<TableScan>> Open(const std::string& name);
  Result<std::shared_ptr<TableScan>> OpenLog(const TableRef& table, bool changelog,
                                             const Conditions& conditions);
  Result<std::shared_ptr<TableScan>> OpenLakeHalf(const TableRef& table, const LakeHalf& half,
                                                  bool changelog, Conditions conditions);
  /// `table` is null for tables that others made in the lake.
  Result<std::shared_ptr<TableScan>> OpenLake(const TableReference& reference,
                                              const TableRef& table,
                                              const iceberg::LoadedTable& loaded,
                                              const Conditions& conditions);
  /// The moment at which the query reads a log: taken once, for all references.
  struct Moment {
    std::optional<LakeHalf> lake;
    std::map<TableBucket, LogRange> whole;  // what the log has
    std::map<TableBucket, LogRange> rest;   // of it, what the lake has not
  };
  Result<const Moment*> MomentOf(const TableRef& table, const std::vector<TableBucket>& buckets);
  Result<std::shared_ptr<TableScan>> OpenKv(const TableRef& table, const Conditions& conditions);

  Catalog& catalog_;
  SqlBuckets& buckets_;
  const LakeTables lake_;
  const std::string database_;
  const NamesInQuery names_;
  const QueryShape shape_;
  const duckdb_connection connection_;
  std::map<std::string, std::shared_ptr<TableScan>, std::less<>> scans_;  // by name as written
  std::map<TablePath, std::shared_ptr<TableScan>>
      states_;  // primary-key tables read without conditions
  std::map<TableId, Moment> moments_;
  std::optional<Error> error_;
};

}  // namespace weir
