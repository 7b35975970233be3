// Conditions on rows, as REST clients send them in scan planning and SQL pushes them down, and the three questions
// a planner asks of them: may this partition, this manifest, this file hold a row that satisfies it? Answers are
// inclusive: "yes" may be wrong, "no" never is. Source: Iceberg specification, "Scan Planning"; REST
// specification, schema Expression. Pure values, any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/literal.h"

namespace weir::iceberg {

class Schema;

enum class ExpressionOp {
  kTrue,
  kFalse,
  kAnd,
  kOr,
  kNot,
  kIsNull,
  kNotNull,
  kIsNan,
  kNotNan,
  kLt,
  kLtEq,
  kGt,
  kGtEq,
  kEq,
  kNotEq,
  kIn,
  kNotIn,
  kStartsWith,
  kNotStartsWith,
  /// A condition that this planner cannot judge; neither it nor its negation skips anything.
  kUnknown,
};

/// A tree; leaves name a column by its full name ("a.b") and hold the constants.
struct Expression {
  ExpressionOp op = ExpressionOp::kTrue;
  /// Of kAnd, kOr (two or more) and kNot (one).
  std::vector<Expression> children;
  std::string column;
  /// Of the column; set by Bind.
  int32_t field_id = -1;
  std::vector<Literal> values;

  static Expression True() { return {}; }
  static Expression False() { return {.op = ExpressionOp::kFalse}; }
  static Expression And(std::vector<Expression> children);
  static Expression Not(Expression child);
  /// Comparisons, kStartsWith and its negation. The literal's type may differ from the column's as long as it can be
  /// turned into it without loss (int for long, int for decimal, ...).
  static Expression Compare(ExpressionOp op, std::string column, Literal value);
  static Expression In(ExpressionOp op, std::string column, std::vector<Literal> values);
};

/// Read the JSON of the REST specification. Constants are read as values of the column they are compared with.
/// Return it bound.
/// Errors  kInvalidTable  unknown kind or column, a constant that does not fit, nested deeper than 64
Result<Expression> ExpressionFromJson(const boost::json::value& json, const Schema& schema,
                                      bool case_sensitive);

/// Name the columns by id, turn constants into the columns' types, push negations into the leaves.
/// A constant that the column cannot hold makes its comparison kUnknown.
/// Errors  kInvalidTable  unknown column
Result<Expression> Bind(const Expression& expression, const Schema& schema, bool case_sensitive);

}  // namespace weir::iceberg
