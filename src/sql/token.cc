#include "sql/token.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace weir {
namespace {

bool IsWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordByte(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }

/// How many bytes of white space `text` begins with, counting what DuckDB counts: also some Unicode
/// spaces.
size_t SpaceBytes(std::string_view text) {
  if (std::isspace(static_cast<unsigned char>(text[0]))) return 1;
  if (text.starts_with("\xC2\xA0")) return 2;
  const auto third = text.size() > 2 ? static_cast<unsigned char>(text[2]) : 0;
  if (text.starts_with("\xE2\x80") && ((third >= 0x80 && third <= 0x8B) || third == 0xAF)) return 3;
  if (text.starts_with("\xE2\x81\x9F") || text.starts_with("\xE2\x81\xA0")) return 3;
  return text.starts_with("\xE3\x80\x80") || text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

// Longest first; anything else is a symbol of one character.
constexpr std::array<std::string_view, 16> kLongSymbols = {"->>", "<=>", "::", "<=", ">=", "<>",
                                                           "!=",  "||",  "=>", "->", "//", "**",
                                                           ":=",  "==",  "!~", "^@"};

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view sql) : sql_(sql) {}

  Result<std::vector<Token>> Run() {
    // DuckDB's text ends there: it would run less than what we have checked.
    if (const size_t zero = sql_.find('\0'); zero != std::string_view::npos)
      return Fail(ErrorCode::kSqlSyntax, "there is a zero byte at {}", PlaceOf(sql_, zero));
    while (true) {
      RETURN_IF_ERROR(SkipSpace());
      if (at_ == sql_.size()) break;
      RETURN_IF_ERROR(One());
    }
    Add(TokenKind::kEnd, sql_.size(), "");
    return std::move(tokens_);
  }

 private:
  bool StartsWith(std::string_view prefix) const { return sql_.substr(at_).starts_with(prefix); }

  Failure Unclosed(std::string_view what, size_t begin) const {
    return Fail(ErrorCode::kSqlSyntax, "{} is not closed: starts at {}", what,
                PlaceOf(sql_, begin));
  }

  void Add(TokenKind kind, size_t begin, std::string text) {
    tokens_.push_back({kind, begin, at_ - begin, std::move(text)});
  }

  Status SkipSpace() {
    while (at_ < sql_.size()) {
      if (const size_t space = SpaceBytes(sql_.substr(at_)); space != 0) {
        at_ += space;
      } else if (StartsWith("--")) {
        at_ = std::min(sql_.find_first_of("\r\n", at_), sql_.size());
      } else if (StartsWith("/*")) {
        RETURN_IF_ERROR(SkipComment());
      } else {
        break;
      }
    }
    return {};
  }

  /// Comments nest, as in DuckDB.
  Status SkipComment() {
    const size_t begin = at_;
    int depth = 0;
    do {
      if (StartsWith("/*")) {
        ++depth;
        at_ += 2;
      } else if (StartsWith("*/")) {
        --depth;
        at_ += 2;
      } else if (++at_ >= sql_.size()) {
        return Unclosed("a comment", begin);
      }
    } while (depth > 0);
    return {};
  }

  Status One() {
    const char c = sql_[at_];
    if ((c == 'e' || c == 'E') && sql_.substr(at_ + 1).starts_with('\'')) return EscapeString();
    if (c == '\'') return Delimited(TokenKind::kString, '\'', "a string");
    if (c == '"') return Delimited(TokenKind::kQuoted, '"', "a quoted name");
    if (c == '`') return Delimited(TokenKind::kQuoted, '`', "a quoted name");
    if (c == '$' && Dollar()) return DollarString();
    if (IsWordStart(c)) {
      Word();
    } else if (IsDigit(c) || (c == '.' && at_ + 1 < sql_.size() && IsDigit(sql_[at_ + 1]))) {
      Number();
    } else {
      Symbol();
    }
    return {};
  }

  Status Delimited(TokenKind kind, char quote, std::string_view what) {
    const size_t begin = at_++;
    std::string text;
    while (at_ < sql_.size()) {
      const char c = sql_[at_++];
      if (c != quote) {
        text += c;
      } else if (at_ < sql_.size() && sql_[at_] == quote) {
        text += c;
        ++at_;
      } else {
        Add(kind, begin, std::move(text));
        return {};
      }
    }
    return Unclosed(what, begin);
  }

  /// E'…', in which a backslash escapes the next character; the text is left as written.
  Status EscapeString() {
    const size_t begin = at_;
    for (at_ += 2; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == '\'') {
        if (!sql_.substr(at_ + 1).starts_with('\'')) {
          ++at_;
          Add(TokenKind::kString, begin, std::string(sql_.substr(begin + 2, at_ - begin - 3)));
          return {};
        }
        ++at_;
      }
    }
    at_ = sql_.size();
    return Unclosed("a string", begin);
  }

  /// Whether a dollar quote such as $$ or $body$ starts here, and not a parameter such as $1.
  bool Dollar() const {
    size_t end = at_ + 1;
    while (end < sql_.size() && sql_[end] != '$' && IsWordByte(sql_[end])) ++end;
    return end < sql_.size() && sql_[end] == '$' && !IsDigit(sql_[at_ + 1]);
  }

  Status DollarString() {
    const size_t begin = at_;
    const std::string_view tag = sql_.substr(at_, sql_.find('$', at_ + 1) + 1 - at_);
    const size_t body = at_ + tag.size();
    const size_t end = sql_.find(tag, body);
    if (end == std::string_view::npos) return Unclosed("a string", begin);
    at_ = end + tag.size();
    Add(TokenKind::kString, begin, std::string(sql_.substr(body, end - body)));
    return {};
  }

  void Word() {
    const size_t begin = at_;
    while (at_ < sql_.size() && IsWordByte(sql_[at_]) && SpaceBytes(sql_.substr(at_)) == 0) ++at_;
    Add(TokenKind::kWord, begin, std::string(sql_.substr(begin, at_ - begin)));
  }

  void Number() {
    const size_t begin = at_;
    while (at_ < sql_.size() &&
           (IsWordByte(sql_[at_]) || sql_[at_] == '.' ||
            ((sql_[at_] == '-' || sql_[at_] == '+') && std::tolower(sql_[at_ - 1]) == 'e' &&
             !sql_.substr(begin).starts_with("0x")))) {
      ++at_;
    }
    Add(TokenKind::kNumber, begin, std::string(sql_.substr(begin, at_ - begin)));
  }

  void Symbol() {
    const size_t begin = at_;
    const auto* found =
        std::ranges::find_if(kLongSymbols, [&](std::string_view s) { return StartsWith(s); });
    at_ += found == kLongSymbols.end() ? 1 : found->size();
    Add(TokenKind::kSymbol, begin, std::string(sql_.substr(begin, at_ - begin)));
  }

  std::string_view sql_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

std::string Quote(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  out += quote;
  return out;
}

}  // namespace

bool Token::Is(std::string_view keyword) const {
  return kind == TokenKind::kWord && text.size() == keyword.size() &&
         std::ranges::equal(text, keyword, [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
         });
}

Result<std::vector<Token>> Tokenize(std::string_view sql) { return Tokenizer(sql).Run(); }

std::string PlaceOf(std::string_view sql, size_t offset) {
  size_t line = 1, column = 1;
  for (const char c : sql.substr(0, offset)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((c & 0xc0) != 0x80) {
      ++column;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string QuoteIdentifier(std::string_view name) { return Quote(name, '"'); }
std::string QuoteFlinkIdentifier(std::string_view name) { return Quote(name, '`'); }
std::string QuoteString(std::string_view text) { return Quote(text, '\''); }

}  // namespace weir
