#include "sql/duck_sql.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <vector>

#include "sql/literal_value.h"
#include "sql/token.h"

namespace weir {
namespace {

/// FOR SYSTEM_TIME AS OF a.b: how many tokens from `first` on, 0 when it is not there.
size_t SystemTimeClause(const std::vector<Token>& tokens, size_t first) {
  static constexpr std::array kWords = {"FOR", "SYSTEM_TIME", "AS", "OF"};
  if (first + kWords.size() >= tokens.size()) return 0;
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (!tokens[first + i].Is(kWords[i])) return 0;
  }
  size_t next = first + kWords.size();
  while (tokens[next].IsName() && tokens[next + 1].IsSymbol(".")) next += 2;
  if (tokens[next + 1].IsSymbol("(") && tokens[next + 2].IsSymbol(")")) next += 2;  // PROCTIME()
  return next + 1 - first;
}

struct Edit {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
};

/// For "db.t FOR SYSTEM_TIME AS OF TIMESTAMP '…'", whose FOR is tokens[first]: what to write
/// instead; nothing when no literal follows.
Result<std::optional<Edit>> AsOfEdit(std::string_view sql, const std::vector<Token>& tokens,
                                     size_t first) {
  if (SystemTimeClause(tokens, first) == 0) return std::optional<Edit>();
  size_t at = first + 4;
  if (tokens[at].Is("TIMESTAMP") || tokens[at].Is("TIMESTAMPTZ")) ++at;
  const Token& literal = tokens[at];
  if (literal.kind != TokenKind::kString) return std::optional<Edit>();
  const auto micros = MicrosOf(literal.text);
  if (!micros)
    return Fail(ErrorCode::kSqlSyntax, "not a timestamp such as '2026-01-02 03:04:05': at {}",
                PlaceOf(sql, literal.begin));
  if (first == 0 || !tokens[first - 1].IsName())
    return Fail(ErrorCode::kSqlSyntax, "expected a table before FOR SYSTEM_TIME: at {}",
                PlaceOf(sql, tokens[first].begin));
  const Token& table = tokens[first - 1];
  const Token& next = tokens[at + 1];
  static constexpr std::array kNoAlias = {"WHERE", "ON",    "USING", "JOIN",  "LEFT",
                                          "RIGHT", "FULL",  "INNER", "CROSS", "GROUP",
                                          "ORDER", "LIMIT", "UNION", "HAVING"};
  const bool alias =
      next.IsName() && std::ranges::none_of(kNoAlias, [&](auto word) { return next.Is(word); });
  const int64_t ms = *micros / 1000 - (*micros % 1000 < 0 ? 1 : 0);
  std::string text = QuoteIdentifier(fmt::format("{}{}{}", table.text, kAsOfSuffix, ms));
  if (!alias) text += " AS " + QuoteIdentifier(table.text);
  return Edit{table.begin, literal.end(), std::move(text)};
}

}  // namespace

Result<std::string> ToDuckSql(std::string_view sql) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(sql));
  std::vector<Edit> edits;  // from front to back
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kQuoted && sql[token.begin] == '`')
      edits.push_back({token.begin, token.end(), QuoteIdentifier(token.text)});
    ASSIGN_OR_RETURN(auto edit, AsOfEdit(sql, tokens, i));
    if (edit) {
      if (!edits.empty() && edits.back().begin == edit->begin) edits.pop_back();  // the table
      edits.push_back(*std::move(edit));
    } else if (const size_t count = SystemTimeClause(tokens, i); count != 0) {
      // The present state is what a look-up join sees, so the plain join means the same.
      const size_t end = tokens[i + count - 1].end();
      std::string blank(sql.substr(token.begin, end - token.begin));
      std::ranges::replace_if(blank, [](char c) { return c != '\n'; }, ' ');
      edits.push_back({token.begin, end, std::move(blank)});
      i += count - 1;
    }
  }
  std::string out(sql);
  for (const Edit& edit : std::views::reverse(edits))
    out.replace(edit.begin, edit.end - edit.begin, edit.text);
  return out;
}

}  // namespace weir
