// Runs one statement after another with one session's state: our statements against the catalog and
// the buckets, queries in DuckDB. Files: run_catalog.cc (CREATE, DROP, ALTER), run_show.cc,
// run_rows.cc (INSERT, UPDATE, DELETE). One thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "meta/catalog.h"
#include "sql/buckets.h"
#include "sql/engine.h"
#include "sql/lake_tables.h"
#include "sql/query.h"
#include "sql/query_tables.h"
#include "sql/sql_parts.h"
#include "sql/statement.h"

namespace weir {

/// What a statement left to look at.
struct StatementResult {
  std::unique_ptr<DuckQuery> rows;  // SELECT, SHOW, DESCRIBE
  std::optional<int64_t> affected;  // INSERT, UPDATE, DELETE
  std::string notice;               // "table bronze.event created"
};

class StatementRunner {
 public:
  /// Everything by reference must outlive the runner. `database`: what unqualified names mean.
  /// Without a lake, CREATE TABLE leaves 'table.datalake.enabled' out and says so, so that scripts
  /// made for a lake run.
  StatementRunner(DuckInstance& instance, const SqlParts& parts, std::string database);

  /// Connect. Called once, before Run.
  Status Open();

  /// Run one statement. The result's rows must be gone before the next call.
  Result<StatementResult> Run(std::string_view sql);

  /// Stop what is running, for good: it fails with kCancelled. Any thread, after Open.
  void Interrupt();

  const std::string& database() const { return database_; }

 private:
  Result<StatementResult> Execute(const CreateDatabase& statement);
  Result<StatementResult> Execute(const DropDatabase& statement);
  Result<StatementResult> Execute(const CreateTable& statement);
  Result<StatementResult> Execute(const DropTable& statement);
  Result<StatementResult> Execute(const AlterTable& statement);
  Result<StatementResult> Execute(const Show& statement);
  Result<StatementResult> Execute(const Describe& statement);
  Result<StatementResult> Execute(const UseDatabase& statement);
  Result<StatementResult> Execute(const NoEffect& statement);
  Result<StatementResult> Execute(const Insert& statement);
  Result<StatementResult> Execute(const Update& statement);
  Result<StatementResult> Execute(const Delete& statement);
  Result<StatementResult> Execute(const Explain& statement);
  Result<StatementResult> Execute(const Query& statement);

  /// How a statement's rows are computed and where they go (run_rows.cc).
  struct RowsPlan;
  Result<RowsPlan> Plan(const Insert& statement);
  Result<RowsPlan> Plan(const Update& statement);
  Result<RowsPlan> Plan(const Delete& statement);
  Result<StatementResult> Write(const RowsPlan& plan);

  /// Start a query in DuckDB; `shape` is the text whose WHERE counts, when `sql` wraps it.
  Result<std::unique_ptr<DuckQuery>> StartQuery(const std::string& sql, std::string_view shape);
  /// `sql` with literals where FOR SYSTEM_TIME AS OF has expressions.
  /// Errors  kSqlSyntax  one has no value before the query runs
  Result<std::string> WithSystemTimes(std::string_view sql);
  /// All rows of a query as text, null for NULL.
  Result<std::vector<std::vector<std::optional<std::string>>>> TextRows(const std::string& sql);
  Result<StatementResult> ExplainAnalyze(const Query& statement);
  /// The columns of a table that others made in the lake.
  Result<StatementResult> DescribeLakeTable(const iceberg::Ident& ident);
  /// The columns of t$changelog, t$lake, ….
  Result<StatementResult> DescribeSide(const std::string& dotted);
  Result<StatementResult> Rows(const std::string& sql);

  TablePath PathOf(const SqlName& name) const { return {name.database(database_), name.object()}; }
  /// A table of ours.
  /// Errors  kInvalidTable  it is one that others made in the lake, or t$lake, t$changelog, …
  Result<TableRef> TableOf(const SqlName& name) const;
  /// The table is gone again when its rows cannot be written.
  Result<StatementResult> CreateTableAs(const TablePath& path, const CreateTable& statement);
  Result<std::vector<ColumnSpec>> ColumnsOf(const std::string& query);
  Status AlterPartitions(const TablePath& path, const AlterTable& statement);

  DuckInstance& instance_;
  const SqlParts parts_;
  Catalog& catalog_;
  const LakeTables lake_;
  std::string database_;
  DuckConnection connection_;
  std::atomic<bool> interrupted_ = false;
  std::unique_ptr<QueryTables> tables_;  // of the running query
};

/// A query whose rows are `rows`: what SHOW answers is an ordinary result.
std::string ValuesQuery(const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::optional<std::string>>>& rows);

/// The statement that would make the table again.
std::string ToCreateTable(const TableInfo& table);

}  // namespace weir
