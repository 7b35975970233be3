#include "sql/lake_filter.h"

#include <gtest/gtest.h>

#include "lake/literal.h"

namespace weir {
namespace {

using iceberg::Type;
using iceberg::TypeId;

iceberg::Schema Table() {
  return *iceberg::Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kInt)},
                                    {.id = 2, .name = "price", .type = Type::Decimal(8, 2)},
                                    {.id = 3, .name = "x", .type = Type::Of(TypeId::kDouble)},
                                    {.id = 4, .name = "at", .type = Type::Of(TypeId::kTimestamp)},
                                    {.id = 5, .name = "day", .type = Type::Of(TypeId::kString)},
                                    {.id = 6, .name = "Case", .type = Type::Of(TypeId::kLong)},
                                    {.id = 7, .name = "case", .type = Type::Of(TypeId::kLong)},
                                    {.id = 8, .name = "f", .type = Type::Of(TypeId::kFloat)}});
}

/// "price<1250" and so on, joined with ';': what the planner gets.
std::string FilterOf(const std::string& where) {
  static const std::map<iceberg::ExpressionOp, std::string> kNames = {
      {iceberg::ExpressionOp::kEq, "="}, {iceberg::ExpressionOp::kIn, "="},
      {iceberg::ExpressionOp::kLt, "<"}, {iceberg::ExpressionOp::kLtEq, "<="},
      {iceberg::ExpressionOp::kGt, ">"}, {iceberg::ExpressionOp::kGtEq, ">="}};
  const QueryShape shape("SELECT * FROM t WHERE " + where);
  const iceberg::Expression filter = LakeFilter(shape.Of("t"), Table());
  if (filter.op == iceberg::ExpressionOp::kTrue) return "";
  const bool many = filter.op == iceberg::ExpressionOp::kAnd;
  std::string out;
  for (const auto& one : many ? filter.children : std::vector{filter}) {
    out += (out.empty() ? "" : ";") + one.column + kNames.at(one.op);
    for (size_t i = 0; i < one.values.size(); ++i)
      out += (i == 0 ? "" : ",") + iceberg::ToText(one.values[i]);
  }
  return out;
}

TEST(LakeFilter, HandsOnWhatPlannerAndDuckDbUnderstandAlike) {
  EXPECT_EQ(FilterOf("id = 7 AND price < 12.5 AND day IN ('a', 'b')"), "id=7;price<12.50;day=a,b");
  EXPECT_EQ(FilterOf("price BETWEEN -3 AND 0.05"), "price>=-3.00;price<=0.05");
  EXPECT_EQ(FilterOf("ID > 2 AND x <= 1.5"), "id>2;x<=1.5");
  EXPECT_EQ(FilterOf("at >= TIMESTAMP '2026-01-02 03:04:05'"), "at>=2026-01-02T03:04:05");
}

TEST(LakeFilter, DemandsNothingWhereItCouldSkipTooMuch) {
  EXPECT_EQ(FilterOf("x > 1.5 AND x >= 2"), "");        // NaN is above every number in DuckDB
  EXPECT_EQ(FilterOf("price < 12.505"), "");            // more digits than the column
  EXPECT_EQ(FilterOf("id = 3000000000"), "");           // not an INT
  EXPECT_EQ(FilterOf("case = 1 AND nothing = 1"), "");  // which of two; none
  EXPECT_EQ(FilterOf("day = DATE '2026-01-01'"), "");   // DuckDB compares dates, not text
  EXPECT_EQ(FilterOf("f = 0.1"), "");                   // in whose precision?
  EXPECT_EQ(FilterOf("price = 99999999999999999999999999999999999999999"), "");
}

}  // namespace
}  // namespace weir
