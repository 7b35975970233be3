#include "sql/token_reader.h"

#include <algorithm>
#include <charconv>

#include "sql/duck_sql.h"

namespace weir {

bool TokenReader::Keyword(std::string_view keyword) {
  if (!Peek().Is(keyword)) return false;
  Take();
  return true;
}

bool TokenReader::Keywords(std::initializer_list<std::string_view> keywords) {
  size_t ahead = 0;
  for (const auto keyword : keywords) {
    if (!Peek(ahead++).Is(keyword)) return false;
  }
  at_ += keywords.size();
  return true;
}

bool TokenReader::Symbol(std::string_view symbol) {
  if (!Peek().IsSymbol(symbol)) return false;
  Take();
  return true;
}

Failure TokenReader::Unexpected(std::string_view expected) const {
  const Token& token = Peek();
  const std::string found =
      token.kind == TokenKind::kEnd
          ? "the statement ends"
          : fmt::format("found {:.60}", sql_.substr(token.begin, token.bytes));
  return Fail(ErrorCode::kSqlSyntax, "expected {}, but {} at {}", expected, found,
              PlaceOf(sql_, token.begin));
}

Status TokenReader::Expect(std::string_view keyword) {
  if (!Keyword(keyword)) return Unexpected(keyword);
  return {};
}

Status TokenReader::ExpectSymbol(std::string_view symbol) {
  if (!Symbol(symbol)) return Unexpected(symbol);
  return {};
}

Result<std::string> TokenReader::ExpectName(std::string_view what) {
  if (!Peek().IsName()) return Unexpected(what);
  return Take().text;
}

Result<std::string> TokenReader::ExpectString(std::string_view what) {
  if (Peek().kind != TokenKind::kString) return Unexpected(what);
  return Take().text;
}

Result<SqlName> TokenReader::ExpectObject(std::string_view what) {
  SqlName name{.parts = {}, .at = Peek().begin};
  do {
    ASSIGN_OR_RETURN(std::string part, ExpectName(what));
    name.parts.push_back(std::move(part));
  } while (name.parts.size() < 3 && Symbol("."));
  return name;
}

Result<std::string> TokenReader::ExpectDatabase() {
  ASSIGN_OR_RETURN(const SqlName name, ExpectObject("a database name"));
  if (name.parts.size() > 2)
    return Fail(ErrorCode::kSqlSyntax, "a database name has at most two parts: at {}",
                PlaceOf(sql_, name.at));
  return name.object();
}

Clause TokenReader::OptionalIfExists() {
  return Keywords({"IF", "EXISTS"}) ? Clause::kPresent : Clause::kAbsent;
}

Clause TokenReader::OptionalIfNotExists() {
  return Keywords({"IF", "NOT", "EXISTS"}) ? Clause::kPresent : Clause::kAbsent;
}

Result<std::vector<std::string>> TokenReader::NameList(std::string_view what) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(List([&]() -> Status {
    ASSIGN_OR_RETURN(std::string name, ExpectName(what));
    names.push_back(std::move(name));
    return {};
  }));
  return names;
}

Result<SqlOptionMap> TokenReader::Options() {
  SqlOptionMap options;
  RETURN_IF_ERROR(List([&]() -> Status {
    const size_t at = Peek().begin;
    ASSIGN_OR_RETURN(std::string key,
                     ExpectString("an option in quotes, such as 'bucket.num' = '4'"));
    RETURN_IF_ERROR(ExpectSymbol("="));
    ASSIGN_OR_RETURN(std::string value, ExpectString("a value in quotes"));
    if (!options.emplace(std::move(key), std::move(value)).second)
      return Fail(ErrorCode::kSqlSyntax, "an option is given twice: at {}", PlaceOf(sql_, at));
    return {};
  }));
  return options;
}

Result<int32_t> TokenReader::ExpectCount(std::string_view what) {
  const Token& token = Peek();
  int32_t count = 0;
  const char* end = token.text.data() + token.text.size();
  const auto [stop, error] = std::from_chars(token.text.data(), end, count);
  if (token.kind != TokenKind::kNumber || error != std::errc() || stop != end || count < 1)
    return Unexpected(what);
  Take();
  return count;
}

Result<std::string> TokenReader::TextUntil(std::initializer_list<std::string_view> stops) {
  const size_t begin = Peek().begin;
  size_t end = begin;
  for (int depth = 0; Peek().kind != TokenKind::kEnd; end = Take().end()) {
    const bool stop =
        std::ranges::any_of(stops, [&](auto s) { return Peek().Is(s) || Peek().IsSymbol(s); });
    if (depth == 0 && stop) break;
    if (Peek().IsSymbol("(") || Peek().IsSymbol("[") || Peek().IsSymbol("{")) ++depth;
    if (Peek().IsSymbol(")") || Peek().IsSymbol("]") || Peek().IsSymbol("}")) --depth;
    if (depth < 0) return Unexpected("an opening bracket first");
  }
  if (end == begin) return Unexpected("an expression");
  return ToDuckSql(sql_.substr(begin, end - begin));
}

Failure TokenReader::NotYet(std::string_view what, std::string_view instead) const {
  return Fail(ErrorCode::kUnsupportedVersion, "{} is not supported yet; {}", what, instead);
}

}  // namespace weir
