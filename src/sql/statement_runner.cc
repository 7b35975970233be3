#include "sql/statement_runner.h"

#include "sql/cell_text.h"
#include "sql/parser.h"
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
    return Fail(ErrorCode::kUnsupportedVersion,
                "{} was made in the lake by another client: SQL here reads and describes it only",
                path.ToString());
  return FindTableOrHint(catalog_, path);
}

void StatementRunner::Interrupt() { Duck().interrupt(connection_.get()); }

Result<StatementResult> StatementRunner::Run(std::string_view sql) {
  tables_.reset();
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(sql));
  return std::visit([this](const auto& one) { return Execute(one); }, statement);
}

Result<std::unique_ptr<DuckQuery>> StatementRunner::StartQuery(const std::string& sql,
                                                               std::string_view shape) {
  tables_ = std::make_unique<QueryTables>(parts_, database_, sql, shape, connection_.get());
  auto query = DuckQuery::Start(connection_.get(), tables_->sql(), *tables_);
  // DuckDB reports our error in words of its own, and without the code.
  if (!query.ok() && tables_->error()) return Failure(*tables_->error());
  return query;
}

Result<StatementResult> StatementRunner::Rows(const std::string& sql) {
  StatementResult result;
  ASSIGN_OR_RETURN(result.rows, StartQuery(sql, sql));
  return result;
}

/// DuckDB's profile, and below it what our scans read.
Result<StatementResult> StatementRunner::ExplainAnalyze(const Query& statement) {
  ASSIGN_OR_RETURN(auto query, StartQuery(statement.text, statement.text));
  const CellWriter key(query->columns()[0].type.get());
  const CellWriter value(query->columns()[1].type.get());
  std::vector<std::vector<std::optional<std::string>>> rows;
  while (true) {
    ASSIGN_OR_RETURN(const DuckChunk chunk, query->Next());
    if (!chunk) break;
    for (idx_t row = 0; row < Duck().data_chunk_get_size(chunk.get()); ++row) {
      std::string texts[2];
      key.AppendText(texts[0], Duck().data_chunk_get_vector(chunk.get(), 0), row);
      value.AppendText(texts[1], Duck().data_chunk_get_vector(chunk.get(), 1), row);
      rows.push_back({texts[0], texts[1]});
    }
  }
  for (std::string& line : tables_->DescribeReads())
    rows.push_back({"tables_read", std::move(line)});
  query.reset();
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
