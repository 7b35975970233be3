// INSERT, UPDATE, DELETE: DuckDB computes the rows, SqlWriter puts them into the table.
#include <algorithm>
#include <deque>
#include <numeric>

#include "base/nearest_word.h"
#include "sql/duckdb_types.h"
#include "sql/sql_writer.h"
#include "sql/statement_runner.h"
#include "sql/token.h"

namespace weir {
namespace {

enum class Change { kWrite, kDelete };

/// "CAST(expression AS type)".
std::string CastTo(const DataType& type, const std::string& expression) {
  return fmt::format("CAST({} AS {})", expression, DuckTypeName(type));
}

Result<int> ColumnOf(const TableInfo& table, const std::string& name) {
  if (const auto position = table.schema().Find(name)) return *position;
  std::vector<std::string> names;
  for (const Column& column : table.schema().columns()) names.push_back(column.name);
  return Fail(ErrorCode::kInvalidTargetColumn, "{} is not a column of {}{}", name,
              table.path.ToString(), DidYouMean(name, names));
}

/// The table's columns as they are called in a query.
std::vector<std::string> ColumnsInQueries(const TableInfo& table) {
  std::vector<std::string> names;
  for (const Column& column : table.schema().columns()) names.push_back(column.name);
  names = DistinctNames(std::move(names));
  for (std::string& name : names) name = QuoteIdentifier(name);
  return names;
}

/// The table as it is called in a query.
std::string QuotedPath(const TablePath& path) {
  return QuoteIdentifier(path.database) + "." + QuoteIdentifier(path.table);
}

/// "FROM db.t AS alias, from WHERE …" of UPDATE and DELETE.
template <class Statement>
std::string FromWhere(const TableInfo& table, const Statement& statement) {
  return fmt::format("FROM {}{}{}{}{}{}", QuotedPath(table.path),
                     statement.alias.empty() ? "" : " AS " + QuoteIdentifier(statement.alias),
                     statement.from.empty() ? "" : ", ", statement.from,
                     statement.where.empty() ? "" : " WHERE ", statement.where);
}

/// The table's columns as UPDATE and DELETE must call them: beside others of the same name.
template <class Statement>
std::vector<std::string> OwnColumns(const TableInfo& table, const Statement& statement) {
  std::vector<std::string> names = ColumnsInQueries(table);
  if (statement.from.empty()) return names;
  const std::string owner =
      statement.alias.empty() ? QuotedPath(table.path) : QuoteIdentifier(statement.alias);
  for (std::string& name : names) name = owner + "." + name;
  return names;
}

std::string KeysOf(const TableInfo& table, const std::vector<std::string>& names) {
  std::string keys;
  for (const int position : table.schema().primary_key_positions())
    keys += (keys.empty() ? "" : ", ") + names[static_cast<size_t>(position)];
  return keys;
}

/// Take all rows of `query`, whose columns are `positions` of the table, and write them.
Result<int64_t> WriteAll(DuckQuery& query, const TableInfo& table,
                         const std::vector<int>& positions, SqlWriter& writer, Change change) {
  std::vector<Value> row(table.schema().size());
  while (true) {
    ASSIGN_OR_RETURN(const DuckChunk chunk, query.Next());
    if (!chunk) break;
    std::deque<std::string> arena;
    for (idx_t i = 0; i < Duck().data_chunk_get_size(chunk.get()); ++i) {
      for (size_t column = 0; column < positions.size(); ++column) {
        const auto position = static_cast<size_t>(positions[column]);
        const Column& target = table.schema().column(position);
        const auto value = ReadValue(Duck().data_chunk_get_vector(chunk.get(), column), i,
                                     target.type, table.config.kv_format, arena);
        if (!value.ok())
          return Fail(value.code(), "column {}: {}", target.name, value.error().message);
        row[position] = *value;
      }
      RETURN_IF_ERROR(change == Change::kWrite ? writer.Write(row) : writer.Delete(row));
    }
  }
  RETURN_IF_ERROR(writer.Finish());
  return writer.rows();
}

bool IsKey(const TableInfo& table, int position) {
  const auto key = table.schema().primary_key_positions();
  return std::ranges::find(key, position) != key.end();
}

Status CheckChangeable(const TableInfo& table, std::string_view what) {
  if (!table.has_primary_key())
    return Fail(ErrorCode::kNonPrimaryKeyTable,
                "{} needs a primary key: {} is a log table, rows are only appended", what,
                table.path.ToString());
  if (table.config.merge_engine != MergeEngine::kNone)
    return Fail(ErrorCode::kInvalidTable, "{} needs a table without a merge engine: table={}", what,
                table.path.ToString());
  return {};
}

/// Which columns an INSERT writes, and what it writes there.
struct InsertPlan {
  std::vector<int> positions;    // of the columns written, in the order of the query
  std::vector<int32_t> targets;  // for a partial update; empty: whole rows
  std::string sql;
};

Result<InsertPlan> PlanInsert(const TableInfo& table, const Insert& statement) {
  InsertPlan plan;
  std::string casts, names;
  const auto add = [&](int position, const std::string& expression) {
    plan.positions.push_back(position);
    const DataType& type = table.schema().column(static_cast<size_t>(position)).type;
    casts += (casts.empty() ? "" : ", ") + CastTo(type, expression);
  };
  std::vector<int> from_query;
  for (const std::string& name : statement.columns) {
    ASSIGN_OR_RETURN(const int position, ColumnOf(table, name));
    if (std::ranges::find(from_query, position) != from_query.end())
      return Fail(ErrorCode::kInvalidTargetColumn, "column {} is given twice", name);
    from_query.push_back(position);
  }
  for (const auto& [name, value] : statement.partition) RETURN_IF_ERROR(ColumnOf(table, name));
  for (size_t i = 0; statement.columns.empty() && i < table.schema().size(); ++i) {
    const std::string& name = table.schema().column(i).name;
    if (!statement.partition.contains(name)) from_query.push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < from_query.size(); ++i) {
    names += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
    add(from_query[i], fmt::format("c{}", i));
  }
  for (const auto& [name, value] : statement.partition) {
    ASSIGN_OR_RETURN(const int position, ColumnOf(table, name));
    add(position, QuoteString(value));
  }
  plan.sql = fmt::format("SELECT {} FROM ({}\n) AS source({})", casts, statement.query, names);
  const bool whole = plan.positions.size() == table.schema().size();
  if (!whole && table.has_primary_key())
    plan.targets.assign(plan.positions.begin(), plan.positions.end());
  std::ranges::sort(plan.targets);
  return plan;
}

Status CheckKeyIsWritten(const TableInfo& table, const InsertPlan& plan) {
  for (const int position : table.schema().primary_key_positions()) {
    if (std::ranges::find(plan.positions, position) == plan.positions.end())
      return Fail(ErrorCode::kInvalidTargetColumn,
                  "an INSERT must name the primary key, and {} is not among its columns",
                  table.schema().column(static_cast<size_t>(position)).name);
  }
  return {};
}

}  // namespace

struct StatementRunner::RowsPlan {
  TableRef table;
  std::string sql;               // its columns are `positions`
  std::string shape;             // the text whose WHERE counts
  std::vector<int> positions;    // of the table's columns
  std::vector<int32_t> targets;  // of a partial update; empty: whole rows
  Change change = Change::kWrite;
};

Result<StatementResult> StatementRunner::Write(const RowsPlan& plan) {
  ASSIGN_OR_RETURN(const auto writer, SqlWriter::Make(plan.table, plan.targets, parts_));
  ASSIGN_OR_RETURN(const auto query, StartQuery(plan.sql, plan.shape));
  ASSIGN_OR_RETURN(const int64_t rows,
                   WriteAll(*query, *plan.table, plan.positions, *writer, plan.change));
  return StatementResult{.rows = nullptr, .affected = rows, .notice = ""};
}

Result<StatementResult> StatementRunner::Execute(const Insert& statement) {
  ASSIGN_OR_RETURN(const RowsPlan plan, Plan(statement));
  return Write(plan);
}

Result<StatementResult> StatementRunner::Execute(const Update& statement) {
  ASSIGN_OR_RETURN(const RowsPlan plan, Plan(statement));
  return Write(plan);
}

Result<StatementResult> StatementRunner::Execute(const Delete& statement) {
  ASSIGN_OR_RETURN(const RowsPlan plan, Plan(statement));
  return Write(plan);
}

Result<StatementResult> StatementRunner::Execute(const Explain& statement) {
  ASSIGN_OR_RETURN(const RowsPlan plan,
                   std::visit([this](const auto& one) { return Plan(one); }, statement.statement));
  StatementResult result;
  ASSIGN_OR_RETURN(result.rows, StartQuery("EXPLAIN " + plan.sql, plan.shape));
  return result;
}

Result<StatementRunner::RowsPlan> StatementRunner::Plan(const Insert& statement) {
  ASSIGN_OR_RETURN(TableRef table, TableOf(statement.name));
  ASSIGN_OR_RETURN(InsertPlan plan, PlanInsert(*table, statement));
  RETURN_IF_ERROR(CheckKeyIsWritten(*table, plan));
  // A list of column names longer than the query's is DuckDB's error, a shorter one it takes
  // without a word.
  QueryTables tables(parts_, database_, statement.query, statement.query, connection_.get());
  auto given = DuckQuery::CountColumns(connection_.get(), tables.sql(), tables);
  if (!given.ok() && tables.error()) return Failure(*tables.error());
  if (!given.ok()) return Forward(given);
  const size_t wanted = plan.positions.size() - statement.partition.size();
  if (*given != wanted)
    return Fail(ErrorCode::kSqlFailed, "INSERT INTO {} wants {} columns, and the query has {}",
                table->path.ToString(), wanted, *given);
  return RowsPlan{.table = std::move(table),
                  .sql = std::move(plan.sql),
                  .shape = statement.query,
                  .positions = std::move(plan.positions),
                  .targets = std::move(plan.targets)};
}

Result<StatementRunner::RowsPlan> StatementRunner::Plan(const Update& statement) {
  ASSIGN_OR_RETURN(TableRef table, TableOf(statement.name));
  RETURN_IF_ERROR(CheckChangeable(*table, "UPDATE"));
  // Whole rows: a partial update is refused for tables with further NOT NULL columns.
  std::vector<std::string> expressions = OwnColumns(*table, statement);
  // A row that meets several others is changed once.
  const std::string once =
      statement.from.empty() ? "" : fmt::format("DISTINCT ON ({}) ", KeysOf(*table, expressions));
  std::vector<int> positions(table->schema().size());
  std::iota(positions.begin(), positions.end(), 0);
  for (const auto& [name, expression] : statement.assignments) {
    ASSIGN_OR_RETURN(const int position, ColumnOf(*table, name));
    if (IsKey(*table, position))
      return Fail(ErrorCode::kInvalidTargetColumn,
                  "{} is part of the primary key and cannot be updated: delete and insert", name);
    expressions[static_cast<size_t>(position)] = expression;
  }
  std::string casts;
  for (size_t i = 0; i < expressions.size(); ++i)
    casts += (casts.empty() ? "" : ", ") + CastTo(table->schema().column(i).type, expressions[i]);
  std::string sql = fmt::format("SELECT {}{} {}", once, casts, FromWhere(*table, statement));
  return RowsPlan{.table = std::move(table),
                  .sql = sql,
                  .shape = sql,
                  .positions = std::move(positions),
                  .targets = {}};
}

Result<StatementRunner::RowsPlan> StatementRunner::Plan(const Delete& statement) {
  ASSIGN_OR_RETURN(TableRef table, TableOf(statement.name));
  RETURN_IF_ERROR(CheckChangeable(*table, "DELETE"));
  const auto key = table->schema().primary_key_positions();
  std::string sql =
      fmt::format("SELECT {}{} {}", statement.from.empty() ? "" : "DISTINCT ",
                  KeysOf(*table, OwnColumns(*table, statement)), FromWhere(*table, statement));
  return RowsPlan{.table = table,
                  .sql = sql,
                  .shape = sql,
                  .positions = {key.begin(), key.end()},
                  .targets = {},
                  .change = Change::kDelete};
}

}  // namespace weir
