#include "sql/predicate.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sql/token.h"

namespace weir {
namespace {

/// Words after which the text is no longer the simple SELECT that is understood here.
constexpr std::array kTooClever = {
    "UNION", "INTERSECT", "EXCEPT",  "ASOF",        "POSITIONAL", "LATERAL",        "SEMI",
    "ANTI",  "PIVOT",     "UNPIVOT", "TABLESAMPLE", "SAMPLE",     "MATCH_RECOGNIZE"};
constexpr std::array kJoinWords = {"JOIN", "INNER", "LEFT",  "RIGHT",
                                   "FULL", "OUTER", "CROSS", "NATURAL"};
constexpr std::array kAfterWhere = {"GROUP", "HAVING", "WINDOW", "QUALIFY",
                                    "ORDER", "LIMIT",  "OFFSET", "USING"};

template <size_t N>
bool IsOneOf(const Token& token, const std::array<const char*, N>& words) {
  return std::ranges::any_of(words, [&](auto word) { return token.Is(word); });
}

int Depth(const Token& token) {
  if (token.IsSymbol("(") || token.IsSymbol("[") || token.IsSymbol("{")) return 1;
  return token.IsSymbol(")") || token.IsSymbol("]") || token.IsSymbol("}") ? -1 : 0;
}

struct FromItem {
  std::string table;  // as written
  std::string alias;  // what columns are qualified with
};

/// Reads one SELECT. Every function returns false or nothing at the first thing that it does not
/// know.
class SelectReader {
 public:
  explicit SelectReader(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::vector<std::pair<FromItem, Condition>> Read() {
    if (!tokens_[0].Is("SELECT") || !SkipTo("FROM")) return {};
    ++at_;
    if (!FromClause() || !tokens_[at_].Is("WHERE")) return {};
    ++at_;
    WhereClause();
    return std::move(found_);
  }

 private:
  bool End() const { return tokens_[at_].kind == TokenKind::kEnd; }

  /// Stand on the next `keyword` outside brackets.
  bool SkipTo(std::string_view keyword) {
    for (int depth = 0; !End(); ++at_) {
      depth += Depth(tokens_[at_]);
      if (depth == 0 && tokens_[at_].Is(keyword)) return true;
    }
    return false;
  }

  bool FromClause() {
    if (!Item()) return false;
    while (!End() && !tokens_[at_].Is("WHERE")) {
      if (tokens_[at_].IsSymbol(",")) {
        ++at_;
        if (!Item()) return false;
      } else if (IsOneOf(tokens_[at_], kJoinWords)) {
        while (IsOneOf(tokens_[at_], kJoinWords)) ++at_;
        if (!Item()) return false;
      } else if (tokens_[at_].Is("ON") || tokens_[at_].Is("USING")) {
        SkipJoinCondition();
      } else {
        return false;
      }
    }
    return true;
  }

  void SkipJoinCondition() {
    for (int depth = 0; !End(); ++at_) {
      depth += Depth(tokens_[at_]);
      const bool ends = tokens_[at_].Is("WHERE") || tokens_[at_].IsSymbol(",") ||
                        IsOneOf(tokens_[at_], kJoinWords);
      if (depth == 0 && ends) return;
    }
  }

  /// table [[AS] alias], but no alias list.
  bool Item() {
    if (!tokens_[at_].IsName()) return false;
    FromItem item;
    item.alias = "";
    item.table = DottedName(tokens_, at_);
    if (tokens_[at_].IsSymbol("(")) return false;  // a table function
    item.alias = item.table.substr(item.table.rfind('.') + 1);
    const bool as = tokens_[at_].Is("AS");
    if (as) ++at_;
    const bool word_goes_on = tokens_[at_].Is("WHERE") || tokens_[at_].Is("ON") ||
                              tokens_[at_].Is("USING") || IsOneOf(tokens_[at_], kJoinWords) ||
                              IsOneOf(tokens_[at_], kAfterWhere);
    if (as || (tokens_[at_].IsName() && !word_goes_on)) {
      if (!tokens_[at_].IsName()) return false;
      item.alias = tokens_[at_++].text;
    }
    if (tokens_[at_].IsSymbol("(")) return false;
    items_.push_back(std::move(item));
    return true;
  }

  void WhereClause() {
    // Two passes over the same words: an OR outside brackets makes every part of the AND optional.
    const size_t begin = at_;
    size_t end = at_;
    for (int depth = 0; tokens_[end].kind != TokenKind::kEnd; ++end) {
      depth += Depth(tokens_[end]);
      if (depth < 0) return;
      if (depth == 0 && IsOneOf(tokens_[end], kAfterWhere)) break;
      if (depth == 0 &&
          (tokens_[end].Is("OR") || tokens_[end].Is("CASE") || tokens_[end].IsSymbol(";")))
        return;
    }
    size_t part = begin;
    int depth = 0;
    bool between = false;
    for (size_t i = begin; i <= end; ++i) {
      if (i < end) depth += Depth(tokens_[i]);
      if (i < end && depth == 0 && tokens_[i].Is("BETWEEN")) between = true;
      const bool conjunction = i < end && depth == 0 && tokens_[i].Is("AND");
      if (conjunction && between) {
        between = false;
      } else if (i == end || conjunction) {
        Conjunct(part, i);
        part = i + 1;
      }
    }
  }

  /// The whole of [at, end) must be a condition of the known forms.
  void Conjunct(size_t at, size_t end) {
    while (at + 1 < end && tokens_[at].IsSymbol("(") && tokens_[end - 1].IsSymbol(")") &&
           Matches(at, end - 1)) {
      ++at;
      --end;
    }
    const auto item = Column(at);
    if (!item || at >= end) return;
    const std::string column = tokens_[at - 1].text;
    if (tokens_[at].Is("IN") && at + 1 < end && tokens_[at + 1].IsSymbol("("))
      return InList(*item, column, at + 2, end);
    if (tokens_[at].Is("BETWEEN")) return Between(*item, column, at + 1, end);
    Comparison(*item, column, at, end);
  }

  /// Whether the bracket at `open` is closed by the one at `close`.
  bool Matches(size_t open, size_t close) const {
    int depth = 0;
    for (size_t i = open; i < close; ++i) {
      depth += Depth(tokens_[i]);
      if (depth == 0) return false;
    }
    return true;
  }

  /// [table.]column; moves `at` behind it.
  std::optional<FromItem> Column(size_t& at) const {
    if (!tokens_[at].IsName()) return {};
    if (tokens_[at + 1].IsSymbol(".") && tokens_[at + 2].IsName()) {
      const auto same_alias = [&](const FromItem& item) { return item.alias == tokens_[at].text; };
      if (std::ranges::count_if(items_, same_alias) != 1 || tokens_[at + 3].IsSymbol("."))
        return {};
      const FromItem& item = *std::ranges::find_if(items_, same_alias);
      at += 3;
      return item;
    }
    if (items_.size() != 1) return {};
    ++at;
    return items_[0];
  }

  std::optional<Literal> LiteralAt(size_t& at, size_t end) const {
    if (at >= end) return {};
    const Token& token = tokens_[at];
    const bool timestamp = token.Is("TIMESTAMP") || token.Is("TIMESTAMPTZ");
    if ((token.Is("DATE") || timestamp) && at + 1 < end &&
        tokens_[at + 1].kind == TokenKind::kString) {
      at += 2;
      return Literal{timestamp ? Literal::Kind::kTimestamp : Literal::Kind::kDate,
                     tokens_[at - 1].text};
    }
    if (token.kind == TokenKind::kString) {
      ++at;
      return Literal{Literal::Kind::kString, token.text};
    }
    if (token.Is("TRUE") || token.Is("FALSE")) {
      ++at;
      return Literal{Literal::Kind::kBoolean, Upper(token.text)};
    }
    const bool minus = token.IsSymbol("-");
    if (minus) ++at;
    const Token& number = tokens_[at];
    if (at >= end || number.kind != TokenKind::kNumber) return {};
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!std::ranges::all_of(number.text, [&](char c) { return is_digit(c) || c == '.'; }))
      return {};
    ++at;
    const bool whole = std::ranges::all_of(number.text, is_digit);
    return Literal{whole ? Literal::Kind::kInteger : Literal::Kind::kDecimal,
                   (minus ? "-" : "") + number.text};
  }

  void InList(const FromItem& item, const std::string& column, size_t at, size_t end) {
    Condition condition{.column = column, .op = Condition::Op::kIn, .values = {}};
    while (true) {
      auto literal = LiteralAt(at, end);
      if (!literal || at >= end) return;
      condition.values.push_back(*std::move(literal));
      if (tokens_[at].IsSymbol(")")) break;
      if (!tokens_[at].IsSymbol(",")) return;
      ++at;
    }
    if (at + 1 == end) found_.emplace_back(item, std::move(condition));
  }

  void Between(const FromItem& item, const std::string& column, size_t at, size_t end) {
    auto low = LiteralAt(at, end);
    if (!low || at >= end || !tokens_[at].Is("AND")) return;
    ++at;
    auto high = LiteralAt(at, end);
    if (!high || at != end) return;
    found_.emplace_back(item, Condition{column, Condition::Op::kGreaterOrEqual, {*std::move(low)}});
    found_.emplace_back(item, Condition{column, Condition::Op::kLessOrEqual, {*std::move(high)}});
  }

  void Comparison(const FromItem& item, const std::string& column, size_t at, size_t end) {
    using enum Condition::Op;
    static constexpr std::array<std::pair<std::string_view, Condition::Op>, 6> kOperators = {
        {{"=", kIn},
         {"==", kIn},
         {"<", kLess},
         {"<=", kLessOrEqual},
         {">", kGreater},
         {">=", kGreaterOrEqual}}};
    const auto* found =
        std::ranges::find_if(kOperators, [&](auto& o) { return tokens_[at].IsSymbol(o.first); });
    if (found == kOperators.end()) return;
    ++at;
    auto literal = LiteralAt(at, end);
    if (literal && at == end)
      found_.emplace_back(item, Condition{column, found->second, {*std::move(literal)}});
  }

  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  std::vector<FromItem> items_;
  std::vector<std::pair<FromItem, Condition>> found_;
};

const Conditions kNone;

}  // namespace

std::string DottedName(const std::vector<Token>& tokens, size_t& at) {
  std::string name = tokens[at++].text;
  while (tokens[at].IsSymbol(".") && tokens[at + 1].IsName()) {
    name += "." + tokens[at + 1].text;
    at += 2;
  }
  return name;
}

QueryShape::QueryShape(std::string_view sql) {
  auto tokenized = Tokenize(sql);
  if (!tokenized.ok()) return;
  std::vector<Token>& tokens = *tokenized;
  while (tokens[0].Is("EXPLAIN") || tokens[0].Is("ANALYZE")) tokens.erase(tokens.begin());
  bool clever = false;
  for (size_t i = 0; tokens[i].kind != TokenKind::kEnd;) {
    reads_again_ = reads_again_ || tokens[i].Is("WITH");
    clever = clever || IsOneOf(tokens[i], kTooClever);
    // DuckDB asks a table for the values to pivot on first.
    reads_again_ = reads_again_ || tokens[i].Is("PIVOT") || tokens[i].Is("PIVOT_WIDER");
    if (tokens[i].IsName()) {
      ++mentions_[DottedName(tokens, i)];
    } else {
      ++i;
    }
  }
  if (clever || reads_again_) return;
  for (auto& [item, condition] : SelectReader(tokens).Read()) {
    // The same table again, here or in a sub-query, may need other rows.
    if (ReadsOnce(item.table)) conditions_[item.table].push_back(std::move(condition));
  }
}

const Conditions& QueryShape::Of(std::string_view dotted) const {
  const auto found = conditions_.find(dotted);
  return found == conditions_.end() ? kNone : found->second;
}

bool QueryShape::ReadsOnce(std::string_view dotted) const {
  if (reads_again_) return false;
  // db.t and t may be the same table, and t.column begins with a table's name; count whatever could
  // mean this one.
  const std::string_view table = dotted.substr(dotted.rfind('.') + 1);
  int count = 0;
  for (const auto& [name, times] : mentions_) {
    const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
    if (last == table) count += times;
  }
  return count == 1;
}

}  // namespace weir
