#include "sql/system_time.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sql/token.h"

namespace weir {
namespace {

template <size_t N>
bool IsOneOf(const Token& token, const std::array<const char*, N>& words) {
  return std::ranges::any_of(words, [&](auto word) { return token.Is(word); });
}

/// Finds the end of an expression. Every function takes the position of its first token and returns
/// that behind its last; the same position where there is none.
class ExpressionReader {
 public:
  explicit ExpressionReader(const std::vector<Token>& tokens) : tokens_(tokens) {}

  size_t Expression(size_t at) const {
    at = Operand(at);
    while (IsOperator(at)) {
      const size_t next = Operand(at + 1);
      if (next == at + 1) break;
      at = next;
    }
    return at;
  }

 private:
  bool IsOperator(size_t at) const {
    static constexpr std::array kOperators = {"+", "-", "*", "/", "||"};
    return std::ranges::any_of(kOperators, [&](auto o) { return tokens_[at].IsSymbol(o); });
  }

  size_t Operand(size_t at) const {
    while (tokens_[at].IsSymbol("-") || tokens_[at].IsSymbol("+")) ++at;
    const size_t first = at;
    at = Primary(at);
    while (at != first) {
      if (tokens_[at].IsSymbol("::")) {
        at = Call(at + 1);
      } else if (tokens_[at].Is("AT") && tokens_[at + 1].Is("TIME") && tokens_[at + 2].Is("ZONE")) {
        at = Primary(at + 3);
      } else {
        break;
      }
    }
    return at;
  }

  size_t Primary(size_t at) const {
    static constexpr std::array kTyped = {"TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_LTZ", "DATE"};
    const Token& first = tokens_[at];
    if (first.IsSymbol("(")) return Brackets(at);
    if (first.Is("INTERVAL")) return Interval(at + 1);
    if (first.Is("CASE")) return Case(at);
    if (IsOneOf(first, kTyped) && tokens_[at + 1].kind == TokenKind::kString) return at + 2;
    if (first.kind == TokenKind::kString || first.kind == TokenKind::kNumber) return at + 1;
    return first.IsName() ? Call(at) : at;
  }

  /// a.b.c or f(…).
  size_t Call(size_t at) const {
    if (!tokens_[at].IsName()) return at;
    ++at;
    while (tokens_[at].IsSymbol(".") && tokens_[at + 1].IsName()) at += 2;
    return tokens_[at].IsSymbol("(") ? Brackets(at) : at;
  }

  size_t Interval(size_t at) const {
    static constexpr std::array kUnits = {
        "YEAR",   "YEARS",   "QUARTER",     "QUARTERS",     "MONTH",       "MONTHS",      "WEEK",
        "WEEKS",  "DAY",     "DAYS",        "HOUR",         "HOURS",       "MINUTE",      "MINUTES",
        "SECOND", "SECONDS", "MILLISECOND", "MILLISECONDS", "MICROSECOND", "MICROSECONDS"};
    const Token& number = tokens_[at];
    if (number.IsSymbol("(")) {
      at = Brackets(at);
    } else if (number.kind == TokenKind::kString || number.kind == TokenKind::kNumber) {
      ++at;
    }
    return IsOneOf(tokens_[at], kUnits) ? at + 1 : at;
  }

  size_t Case(size_t at) const {
    int depth = 0;
    for (size_t i = at; tokens_[i].kind != TokenKind::kEnd; ++i) {
      if (tokens_[i].Is("CASE")) ++depth;
      if (tokens_[i].Is("END") && --depth == 0) return i + 1;
    }
    return at;
  }

  size_t Brackets(size_t at) const {
    int depth = 0;
    for (size_t i = at; tokens_[i].kind != TokenKind::kEnd; ++i) {
      if (tokens_[i].IsSymbol("(")) ++depth;
      if (tokens_[i].IsSymbol(")") && --depth == 0) return i + 1;
    }
    return at;
  }

  const std::vector<Token>& tokens_;
};

/// A literal, a column or PROCTIME() and nothing else: what ToDuckSql reads.
bool IsPlain(const std::vector<Token>& tokens, size_t begin, size_t end) {
  if (tokens[end - 1].kind == TokenKind::kString)
    return end - begin == 1 ||
           (end - begin == 2 && (tokens[begin].Is("TIMESTAMP") || tokens[begin].Is("TIMESTAMPTZ")));
  size_t at = begin;
  while (at < end && tokens[at].IsName()) at += tokens[at + 1].IsSymbol(".") ? 2 : 1;
  return at == end || (end - begin == 3 && tokens[begin].Is("PROCTIME"));
}

/// Most texts need no second look.
bool MentionsSystemTime(std::string_view sql) {
  static constexpr std::string_view kWord = "SYSTEM_TIME";
  return !std::ranges::search(sql, kWord, [](char a, char b) {
            return std::toupper(static_cast<unsigned char>(a)) == b;
          }).empty();
}

}  // namespace

Result<std::vector<TextRange>> ComputedSystemTimes(std::string_view sql) {
  if (!MentionsSystemTime(sql)) return std::vector<TextRange>();
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(sql));
  static constexpr std::array kWords = {"FOR", "SYSTEM_TIME", "AS", "OF"};
  std::vector<TextRange> ranges;
  for (size_t i = 0; i + kWords.size() < tokens.size(); ++i) {
    const auto follows = [&](size_t word) { return tokens[i + word].Is(kWords[word]); };
    if (!follows(0) || !follows(1) || !follows(2) || !follows(3)) continue;
    const size_t begin = i + kWords.size();
    const size_t end = ExpressionReader(tokens).Expression(begin);
    if (end == begin)
      return Fail(ErrorCode::kSqlSyntax, "expected a time behind FOR SYSTEM_TIME AS OF at {}",
                  PlaceOf(sql, tokens[begin].begin));
    if (!IsPlain(tokens, begin, end))
      ranges.push_back({tokens[begin].begin, tokens[end - 1].end()});
    i = end - 1;
  }
  return ranges;
}

}  // namespace weir
