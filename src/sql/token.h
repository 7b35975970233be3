// The words of SQL text. One tokenizer for our own statements, for splitting scripts and for what
// is passed on to DuckDB, which writes identifiers as Flink does (`x`) or as the standard does
// ("x").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

enum class TokenKind {
  kWord,    // keyword or plain identifier
  kQuoted,  // `x` or "x"
  kString,  // 'x', $$x$$
  kNumber,
  kSymbol,  // punctuation, one or more characters
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0;  // of the source text; end() - begin includes quotes
  size_t bytes = 0;
  std::string text;  // without quotes and with doubled quotes undone

  size_t end() const { return begin + bytes; }
  /// A kWord equal to `keyword` (upper case), whatever its own case.
  bool Is(std::string_view keyword) const;
  bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  /// Whether it can name something. Keywords are not reserved here.
  bool IsName() const { return kind == TokenKind::kWord || kind == TokenKind::kQuoted; }
};

/// All tokens of `sql`, then one kEnd. Comments, also hints, are left out.
/// Errors  kSqlSyntax  a quote or comment that is not closed, or a zero byte anywhere, with its place
Result<std::vector<Token>> Tokenize(std::string_view sql);

/// "line 2, column 7" of a byte offset, both from 1; columns count characters.
std::string PlaceOf(std::string_view sql, size_t offset);

/// Upper-case ASCII.
std::string Upper(std::string_view text);

/// "x" with quotes inside doubled; `x`, Flink's, and 'x' likewise.
std::string QuoteIdentifier(std::string_view name);
std::string QuoteFlinkIdentifier(std::string_view name);
std::string QuoteString(std::string_view text);

}  // namespace weir
