#include "sql/parser.h"

#include <algorithm>
#include <array>

#include "base/nearest_word.h"
#include "sql/duck_sql.h"
#include "sql/statement_parsers.h"

namespace weir {
namespace {

/// Which statement it is, and those that are a line.
class Parser {
 public:
  Parser(std::string_view sql, std::vector<Token> tokens) : in_(sql, std::move(tokens)) {}

  Result<Statement> Run() {
    ASSIGN_OR_RETURN(Statement statement, One());
    if (!std::holds_alternative<Query>(statement) && in_.Peek().kind != TokenKind::kEnd)
      return in_.Unexpected("the end of the statement");
    return statement;
  }

 private:
  Result<Statement> One() {
    if (in_.Keyword("CREATE")) return ParseCreate(in_);
    if (in_.Keyword("DROP")) return ParseDrop(in_);
    if (in_.Keyword("ALTER")) return ParseAlter(in_);
    if (in_.Peek().Is("SHOW")) return ShowStatement();
    if (in_.Peek().Is("DESCRIBE") || in_.Peek().Is("DESC")) return DescribeStatement();
    if (in_.Peek().Is("USE")) return Use();
    if (in_.Peek().Is("SET") || in_.Peek().Is("RESET")) return Setting();
    if (in_.Keyword("INSERT") || in_.Keyword("UPSERT")) return ParseInsert(in_);
    if (in_.Keyword("UPDATE")) return ParseUpdate(in_);
    if (in_.Keyword("DELETE")) return ParseDelete(in_);
    if (in_.Peek().Is("EXPLAIN")) return ExplainStatement();
    return QueryOrRefusal();
  }

  /// EXPLAIN [PLAN FOR] of a statement that writes, or of a query.
  Result<Statement> ExplainStatement() {
    const size_t words = in_.Peek(1).Is("PLAN") && in_.Peek(2).Is("FOR") ? 3 : 1;
    const Token& first = in_.Peek(words);
    const Token& analyzed = first.Is("ANALYZE") ? in_.Peek(words + 1) : first;
    const auto writes = [](const Token& token) {
      return token.Is("INSERT") || token.Is("UPSERT") || token.Is("UPDATE") || token.Is("DELETE");
    };
    if (!writes(analyzed) && words == 1) return QueryOrRefusal();
    if (!writes(analyzed)) {
      ASSIGN_OR_RETURN(std::string text, ToDuckSql(in_.sql().substr(first.begin)));
      return Query{"EXPLAIN " + text};
    }
    if (&analyzed != &first)
      return Fail(
          ErrorCode::kSqlSyntax,
          "EXPLAIN ANALYZE runs what it explains, and {} would write: EXPLAIN shows its plan",
          Upper(analyzed.text));
    in_.Skip(words);
    ASSIGN_OR_RETURN(Statement statement, One());
    if (auto* insert = std::get_if<Insert>(&statement)) return Explain{std::move(*insert)};
    if (auto* update = std::get_if<Update>(&statement)) return Explain{std::move(*update)};
    return Explain{std::get<Delete>(std::move(statement))};
  }

  Result<Statement> QueryOrRefusal() {
    static constexpr std::array kQueries = {"SELECT", "WITH",      "VALUES", "FROM",   "EXPLAIN",
                                            "TABLE",  "SUMMARIZE", "PIVOT",  "UNPIVOT"};
    static constexpr std::array kOurs = {"CREATE", "DROP", "ALTER",  "SHOW",   "DESCRIBE",
                                         "USE",    "SET",  "INSERT", "UPDATE", "DELETE"};
    const Token& first = in_.Peek();
    const bool query =
        first.IsSymbol("(") || std::ranges::any_of(kQueries, [&](auto k) { return first.Is(k); });
    if (query) {
      ASSIGN_OR_RETURN(std::string text, ToDuckSql(in_.sql()));
      return Query{std::move(text)};
    }
    std::vector<std::string> known(kQueries.begin(), kQueries.end());
    known.insert(known.end(), kOurs.begin(), kOurs.end());
    return Fail(ErrorCode::kSqlSyntax, "not a statement of Weir: it begins with {:.60} at {}{}",
                in_.sql().substr(first.begin, first.bytes), PlaceOf(in_.sql(), first.begin),
                DidYouMean(first.text, known));
  }

  Result<Statement> ShowStatement() {
    in_.Take();
    Show out;
    if (in_.Keyword("DATABASES") || in_.Keyword("SCHEMAS")) {
      out.what = Show::What::kDatabases;
    } else if (in_.Keyword("CATALOGS")) {
      out.what = Show::What::kCatalogs;
    } else if (in_.Keyword("TABLES")) {
      out.what = Show::What::kTables;
      if (in_.Keyword("FROM") || in_.Keyword("IN")) {
        ASSIGN_OR_RETURN(const std::string database, in_.ExpectDatabase());
        out.name.parts = {database};
      }
    } else if (in_.Keywords({"CREATE", "TABLE"})) {
      out.what = Show::What::kCreateTable;
      ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    } else if (in_.Keyword("PARTITIONS")) {
      out.what = Show::What::kPartitions;
      if (!in_.Keyword("FROM")) in_.Keyword("IN");
      ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    } else if (in_.Keyword("COLUMNS")) {
      out.what = Show::What::kColumns;
      if (!in_.Keyword("FROM")) RETURN_IF_ERROR(in_.Expect("IN"));
      ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    } else if (in_.Keywords({"CURRENT", "DATABASE"}) || in_.Keywords({"CURRENT", "CATALOG"})) {
      out.what = Show::What::kCurrent;
    } else if (in_.Keyword("FUNCTIONS")) {
      out.what = Show::What::kFunctions;
    } else {
      static const std::vector<std::string> kWhat = {"DATABASES", "TABLES",    "PARTITIONS",
                                                     "COLUMNS",   "FUNCTIONS", "CATALOGS"};
      return in_.Unexpected(
          "DATABASES, TABLES, CREATE TABLE, PARTITIONS, COLUMNS or FUNCTIONS behind SHOW" +
          DidYouMean(in_.Peek().text, kWhat));
    }
    if (in_.Keyword("LIKE")) {
      ASSIGN_OR_RETURN(out.like, in_.ExpectString("a pattern in quotes"));
    }
    return out;
  }

  Result<Statement> DescribeStatement() {
    in_.Take();
    if (in_.Peek().Is("SELECT") || in_.Peek().Is("WITH") || in_.Peek().Is("FROM")) {
      ASSIGN_OR_RETURN(std::string text, ToDuckSql(in_.sql()));
      return Query{std::move(text)};
    }
    in_.Keyword("TABLE");
    Describe out;
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    return out;
  }

  Result<Statement> Use() {
    in_.Take();
    if (in_.Keyword("CATALOG")) {
      RETURN_IF_ERROR(in_.ExpectName("a catalog name"));
      return NoEffect{"there is one catalog: USE CATALOG did nothing"};
    }
    if (in_.Peek().Is("MODULES")) return in_.Unexpected("a database name");
    UseDatabase out;
    ASSIGN_OR_RETURN(out.name, in_.ExpectDatabase());
    return out;
  }

  Result<Statement> Setting() {
    in_.SkipAll();
    return NoEffect{"settings of Flink have no meaning here: nothing was set"};
  }

  TokenReader in_;
};

}  // namespace

Result<std::vector<ScriptPart>> SplitScript(std::string_view script) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(script));
  std::vector<ScriptPart> parts;
  const Token* first = nullptr;
  size_t end = 0;
  for (const Token& token : tokens) {
    if (token.IsSymbol(";") || token.kind == TokenKind::kEnd) {
      if (first != nullptr)
        parts.push_back({script.substr(first->begin, end - first->begin), first->begin});
      first = nullptr;
    } else {
      if (first == nullptr) first = &token;
      end = token.end();
    }
  }
  return parts;
}

bool EndsInsideStatement(std::string_view script) {
  const auto tokens = Tokenize(script);
  if (!tokens.ok()) return true;
  return tokens->size() > 1 && !(*tokens)[tokens->size() - 2].IsSymbol(";");
}

Result<Statement> ParseStatement(std::string_view sql) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(sql));
  if (tokens.size() == 1) return Fail(ErrorCode::kSqlSyntax, "the statement is empty");
  return Parser(sql, std::move(tokens)).Run();
}

}  // namespace weir
