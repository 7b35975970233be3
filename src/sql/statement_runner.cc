#include "sql/statement_runner.h"

#include <ranges>

#include "sql/cell_text.h"
#include "sql/duck_sql.h"
#include "sql/parser.h"
#include "sql/system_time.h"
#include "sql/token.h"

namespace weir {

StatementRunner::StatementRunner(DuckInstance& instance, const SqlParts& parts,
                                 std::string database)
    : instance_(instance),
      parts_(parts),
      catalog_(parts.catalog),
      lake_(parts.lake, parts.catalog.lake_snapshots()),
      database_(std::move(database)) {}

Status StatementRunner::Open() {
  ASSIGN_OR_RETURN(connection_, instance_.Connect());
  return {};
}

Result<TableRef> StatementRunner::TableOf(const SqlName& name) const {
  const TablePath path = PathOf(name);
  if (catalog_.FindTable(path) != nullptr) return FindTableOrHint(catalog_, path);
  if (const auto of_others = lake_.Find(path.ToString(), database_); of_others.ok() && *of_others)
    return Fail(ErrorCode::kInvalidTable,
                "{} was made in the lake by another client: SQL here reads and describes it only",
                path.ToString());
  const TableReference reference = ParseTableReference(name.Dotted(), database_);
  if (reference.kind != TableKind::kRows && catalog_.FindTable(reference.path) != nullptr)
    return Fail(ErrorCode::kInvalidTable,
                "{} is a side of the table {}: it can be queried and described, nothing else",
                path.ToString(), reference.path.table);
  return FindTableOrHint(catalog_, path);
}

void StatementRunner::Interrupt() {
  interrupted_ = true;
  Duck().interrupt(connection_.get());
}

Result<StatementResult> StatementRunner::Run(std::string_view sql) {
  tables_.reset();
  ASSIGN_OR_RETURN(const std::string text, WithSystemTimes(sql));
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(text));
  return std::visit([this](const auto& one) { return Execute(one); }, statement);
}

Result<std::unique_ptr<DuckQuery>> StatementRunner::StartQuery(const std::string& sql,
                                                               std::string_view shape) {
  tables_ = std::make_unique<QueryTables>(parts_, database_, sql, shape, connection_.get());
  auto query = DuckQuery::Start(connection_.get(), tables_->sql(), *tables_, interrupted_);
  // DuckDB reports our error in words of its own, and without the code.
  if (!query.ok() && tables_->error()) return Failure(*tables_->error());
  return query;
}

Result<StatementResult> StatementRunner::Rows(const std::string& sql) {
  StatementResult result;
  ASSIGN_OR_RETURN(result.rows, StartQuery(sql, sql));
  return result;
}

Result<std::string> StatementRunner::WithSystemTimes(std::string_view sql) {
  ASSIGN_OR_RETURN(const std::vector<TextRange> ranges, ComputedSystemTimes(sql));
  std::string out(sql);
  for (const TextRange& range : std::views::reverse(ranges)) {
    const std::string_view expression = sql.substr(range.begin, range.end - range.begin);
    ASSIGN_OR_RETURN(const std::string duck, ToDuckSql(expression));
    const auto rows =
        TextRows(fmt::format("SELECT strftime(CAST(({}\n) AS TIMESTAMPTZ) AT TIME ZONE 'UTC', "
                             "'%Y-%m-%d %H:%M:%S.%f')",
                             duck));
    if (!rows.ok() || rows->size() != 1 || !rows->front()[0])
      return Fail(
          ErrorCode::kSqlSyntax,
          "FOR SYSTEM_TIME AS OF takes a time that is known before the query runs, and {} is "
          "none: at {}{}",
          expression, PlaceOf(sql, range.begin), rows.ok() ? "" : "; " + rows.error().message);
    out.replace(range.begin, expression.size(), "TIMESTAMP " + QuoteString(*rows->front()[0]));
  }
  return out;
}

Result<std::vector<std::vector<std::optional<std::string>>>> StatementRunner::TextRows(
    const std::string& sql) {
  ASSIGN_OR_RETURN(auto query, StartQuery(sql, sql));
  std::vector<CellWriter> cells;
  for (const ResultColumn& column : query->columns()) cells.emplace_back(column.type.get());
  std::vector<std::vector<std::optional<std::string>>> rows;
  while (true) {
    ASSIGN_OR_RETURN(const DuckChunk chunk, query->Next());
    if (!chunk) return rows;
    for (idx_t row = 0; row < Duck().data_chunk_get_size(chunk.get()); ++row) {
      auto& texts = rows.emplace_back(cells.size());
      for (size_t i = 0; i < cells.size(); ++i) {
        const duckdb_vector vector = Duck().data_chunk_get_vector(chunk.get(), i);
        if (!CellWriter::IsNull(vector, row)) cells[i].AppendText(texts[i].emplace(), vector, row);
      }
    }
  }
}

/// DuckDB's profile, and below it what our scans read.
Result<StatementResult> StatementRunner::ExplainAnalyze(const Query& statement) {
  ASSIGN_OR_RETURN(auto rows, TextRows(statement.text));
  for (std::string& line : tables_->DescribeReads())
    rows.push_back({"tables_read", std::move(line)});
  return Rows(ValuesQuery({"explain_key", "explain_value"}, rows));
}

Result<StatementResult> StatementRunner::Execute(const Query& statement) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(statement.text));
  if (tokens[0].Is("EXPLAIN") && tokens[1].Is("ANALYZE") && !tokens[2].IsSymbol("("))
    return ExplainAnalyze(statement);
  return Rows(statement.text);
}

Result<StatementResult> StatementRunner::Execute(const UseDatabase& statement) {
  Status known = CheckDatabase(catalog_, statement.name);
  if (!known.ok() && !lake_.HasNamespace(statement.name).value_or(false)) return Forward(known);
  database_ = statement.name;
  return StatementResult{
      .rows = nullptr, .affected = {}, .notice = fmt::format("using database {}", statement.name)};
}

Result<StatementResult> StatementRunner::Execute(const NoEffect& statement) {
  return StatementResult{.rows = nullptr, .affected = {}, .notice = statement.notice};
}

}  // namespace weir
