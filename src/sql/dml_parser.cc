#include <algorithm>

#include "base/nearest_word.h"
#include "sql/duck_sql.h"
#include "sql/statement_parsers.h"

namespace weir {
namespace {

/// INSERT, UPSERT, UPDATE and DELETE.
class DmlParser {
 public:
  explicit DmlParser(TokenReader& in) : in_(in) {}

  Result<Statement> ReadInsert() {
    if (in_.Peek().Is("OVERWRITE"))
      return in_.NotYet(
          "INSERT OVERWRITE",
          "tables are streams: delete rows of a primary-key table, or drop a partition");
    RETURN_IF_ERROR(in_.Expect("INTO"));
    in_.Keyword("TABLE");
    Insert out;
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    if (in_.Peek().Is("PARTITION") && in_.Peek(1).IsSymbol("(")) {
      in_.Take();
      ASSIGN_OR_RETURN(out.partition, ParsePartitionValues(in_));
    }
    const bool query_in_brackets = in_.Peek(1).Is("SELECT") || in_.Peek(1).Is("WITH") ||
                                   in_.Peek(1).Is("VALUES") || in_.Peek(1).Is("FROM");
    if (in_.Peek().IsSymbol("(") && !query_in_brackets) {
      ASSIGN_OR_RETURN(out.columns, in_.NameList("a column name"));
    }
    if (in_.Peek().kind == TokenKind::kEnd) return in_.Unexpected("VALUES (…) or SELECT …");
    static const std::vector<std::string> kStarts = {"VALUES", "SELECT", "WITH", "FROM", "TABLE"};
    const bool query = in_.Peek().IsSymbol("(") ||
                       std::ranges::any_of(kStarts, [&](auto& s) { return in_.Peek().Is(s); });
    if (!query)
      return in_.Unexpected("VALUES (…) or SELECT …" + DidYouMean(in_.Peek().text, kStarts));
    ASSIGN_OR_RETURN(out.query, ToDuckSql(in_.sql().substr(in_.Peek().begin)));
    in_.SkipAll();
    return out;
  }

  /// [AS] alias, when the next word is not what comes behind one.
  std::string OptionalAlias() {
    const bool next = in_.Peek().Is("SET") || in_.Peek().Is("USING") || in_.Peek().Is("WHERE");
    if (in_.Keyword("AS") || (in_.Peek().IsName() && !next)) {
      if (in_.Peek().IsName()) return in_.Take().text;
    }
    return "";
  }

  Result<Statement> ReadUpdate() {
    Update out;
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    out.alias = OptionalAlias();
    RETURN_IF_ERROR(in_.Expect("SET"));
    do {
      ASSIGN_OR_RETURN(SqlName column, in_.ExpectObject("a column name"));
      RETURN_IF_ERROR(in_.ExpectSymbol("="));
      ASSIGN_OR_RETURN(std::string expression, in_.TextUntil({",", "WHERE", "FROM"}));
      out.assignments.emplace_back(column.object(), std::move(expression));
    } while (in_.Symbol(","));
    if (in_.Keyword("FROM")) {
      ASSIGN_OR_RETURN(out.from, in_.TextUntil({"WHERE"}));
    }
    ASSIGN_OR_RETURN(out.where, OptionalWhere());
    return out;
  }

  Result<Statement> ReadDelete() {
    RETURN_IF_ERROR(in_.Expect("FROM"));
    Delete out;
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    out.alias = OptionalAlias();
    if (in_.Keyword("USING")) {
      ASSIGN_OR_RETURN(out.from, in_.TextUntil({"WHERE"}));
    }
    ASSIGN_OR_RETURN(out.where, OptionalWhere());
    return out;
  }

  Result<std::string> OptionalWhere() {
    if (!in_.Keyword("WHERE")) return std::string();
    return in_.TextUntil({});
  }

 private:
  TokenReader& in_;
};

}  // namespace

Result<Statement> ParseInsert(TokenReader& in) { return DmlParser(in).ReadInsert(); }
Result<Statement> ParseUpdate(TokenReader& in) { return DmlParser(in).ReadUpdate(); }
Result<Statement> ParseDelete(TokenReader& in) { return DmlParser(in).ReadDelete(); }

}  // namespace weir
