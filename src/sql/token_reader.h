// The tokens of one statement, read from left to right: looking, taking, and the errors that say what was expected,
// what was found and where. The pieces that several statements share (names, options, lists) are here too.
// One thread; views into the statement's text, which must outlive it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/statement.h"
#include "sql/token.h"

namespace weir {

class TokenReader {
 public:
  TokenReader(std::string_view sql, std::vector<Token> tokens)
      : sql_(sql), tokens_(std::move(tokens)) {}

  std::string_view sql() const { return sql_; }

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  void Skip(size_t count) { at_ = std::min(at_ + count, tokens_.size() - 1); }
  void SkipAll() { at_ = tokens_.size() - 1; }

  /// Take the word if it is next.
  bool Keyword(std::string_view keyword);
  /// Take all of the words, or none.
  bool Keywords(std::initializer_list<std::string_view> keywords);
  bool Symbol(std::string_view symbol);

  Status Expect(std::string_view keyword);
  Status ExpectSymbol(std::string_view symbol);
  Result<std::string> ExpectName(std::string_view what);
  Result<std::string> ExpectString(std::string_view what);
  Result<SqlName> ExpectObject(std::string_view what);
  /// A database, perhaps behind a catalog.
  Result<std::string> ExpectDatabase();
  /// A number of at least 1.
  Result<int32_t> ExpectCount(std::string_view what);

  Clause OptionalIfExists();
  Clause OptionalIfNotExists();

  /// ( item, item … )
  template <class F>
  Status List(F item) {
    RETURN_IF_ERROR(ExpectSymbol("("));
    do {
      RETURN_IF_ERROR(item());
    } while (Symbol(","));
    return ExpectSymbol(")");
  }
  Result<std::vector<std::string>> NameList(std::string_view what);
  /// ( 'key' = 'value', … )
  Result<SqlOptionMap> Options();
  /// The text from the next token up to the first of `stops` outside parentheses, in DuckDB's words.
  Result<std::string> TextUntil(std::initializer_list<std::string_view> stops);

  /// kSqlSyntax
  Failure Unexpected(std::string_view expected) const;
  /// kUnsupportedVersion
  Failure NotYet(std::string_view what, std::string_view instead) const;

 private:
  std::string_view sql_;
  std::vector<Token> tokens_;  // the last one is kEnd
  size_t at_ = 0;              // never passes it
};

}  // namespace weir
