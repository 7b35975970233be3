#include "sql/statement_runner.h"

#include "sql/parser.h"
#include "sql/token.h"

namespace weir {

StatementRunner::StatementRunner(DuckInstance& instance, const SqlParts& parts,
                                 std::string database)
    : instance_(instance), parts_(parts), catalog_(parts.catalog), database_(std::move(database)) {}

Status StatementRunner::Open() {
  ASSIGN_OR_RETURN(connection_, instance_.Connect());
  return {};
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

Result<StatementResult> StatementRunner::Execute(const Query& statement) {
  return Rows(statement.text);
}

Result<StatementResult> StatementRunner::Execute(const UseDatabase& statement) {
  RETURN_IF_ERROR(CheckDatabase(catalog_, statement.name));
  database_ = statement.name;
  return StatementResult{
      .rows = nullptr, .affected = {}, .notice = fmt::format("using database {}", statement.name)};
}

Result<StatementResult> StatementRunner::Execute(const NoEffect& statement) {
  return StatementResult{.rows = nullptr, .affected = {}, .notice = statement.notice};
}

}  // namespace weir
