// What a query's WHERE demands of single columns, read from the text: enough to look up keys and to
// skip partitions and log ranges. DuckDB's C API pushes no filters down, so DuckDB still applies
// the whole WHERE to what a scan returns; everything here may therefore find too little, and must
// never find too much.
//
// Understood: one SELECT over base tables joined with commas or plain JOINs, whose WHERE is an AND
// of
//   [table.]column = literal, <, <=, >, >=, IN (literals), BETWEEN literals
// beside anything else. In joins only columns written with their table count. Not looked into:
// WITH, set operations, sub-queries, ASOF, POSITIONAL, SEMI, ANTI and LATERAL joins, column alias
// lists.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct Literal {
  enum class Kind { kString, kInteger, kDecimal, kBoolean, kDate, kTimestamp };
  Kind kind = Kind::kString;
  std::string text;  // without quotes
};

/// column IN (values), or column op value.
struct Condition {
  enum class Op { kIn, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  std::string column;  // as written
  Op op = Op::kIn;
  std::vector<Literal> values;  // kIn: one or more; else one
};
using Conditions = std::vector<Condition>;

struct Token;

/// The name a.b.c whose first part is tokens[at]; moves `at` behind it.
std::string DottedName(const std::vector<Token>& tokens, size_t& at);

class QueryShape {
 public:
  explicit QueryShape(std::string_view sql);

  /// What every row of the table must fulfil, or nothing. `dotted` is the table's name as written
  /// in FROM.
  const Conditions& Of(std::string_view dotted) const;

  /// Whether the table's name occurs once, outside of anything that could read it twice.
  bool ReadsOnce(std::string_view dotted) const;

 private:
  std::map<std::string, Conditions, std::less<>> conditions_;  // by table name as written
  std::map<std::string, int, std::less<>> mentions_;           // of every dotted name
  bool reads_again_ = false;  // something in it may read a table twice
};

}  // namespace weir
