#include "lake/expression.h"

#include <boost/json.hpp>

#include "base/matchers.h"
#include "lake/schema.h"

namespace weir::iceberg {
namespace {

Schema AllNumbers() {
  std::vector<Field> fields;
  const auto add = [&](const char* name, Type type) {
    fields.push_back({.id = static_cast<int32_t>(fields.size()) + 1, .name = name, .type = type});
  };
  add("i", Type::Of(TypeId::kInt));
  add("l", Type::Of(TypeId::kLong));
  add("f", Type::Of(TypeId::kFloat));
  add("d", Type::Of(TypeId::kDouble));
  add("m", Type::Decimal(10, 2));
  add("s", Type::Of(TypeId::kString));
  add("z", Type::Of(TypeId::kTimestamptz));
  return *Schema::Make(0, std::move(fields));
}

/// The constant as bound to the column; "unknown" when the comparison skips nothing.
std::string Bound(const char* column, const char* value) {
  const auto json =
      boost::json::parse(fmt::format(R"({{"type":"gt","term":"{}","value":{}}})", column, value));
  const auto bound = ExpressionFromJson(json, AllNumbers(), true);
  if (!bound.ok()) return "error";
  if (bound->op == ExpressionOp::kUnknown) return "unknown";
  return bound->values.at(0).type().ToString() + " " + ToText(bound->values.at(0));
}

TEST(Expression, ANumberIsTakenForAnyNumericColumn) {
  EXPECT_EQ(Bound("m", "10"), "decimal(10, 2) 10.00");
  EXPECT_EQ(Bound("m", "-10.5"), "decimal(10, 2) -10.50");
  EXPECT_EQ(Bound("m", "\"10.50\""), "decimal(10, 2) 10.50");
  EXPECT_EQ(Bound("m", "\"10\""), "decimal(10, 2) 10.00");
  EXPECT_EQ(Bound("d", "10"), "double 10");
  EXPECT_EQ(Bound("f", "10"), "float 10");
  EXPECT_EQ(Bound("l", "10"), "long 10");
}

TEST(Expression, ANumberThatTheColumnCannotHoldSkipsNothing) {
  EXPECT_EQ(Bound("m", "10.555"), "unknown");  // rounded it would skip rows between the two
  EXPECT_EQ(Bound("m", "\"10.555\""), "unknown");
  EXPECT_EQ(Bound("i", "3000000000"), "unknown");
  EXPECT_EQ(Bound("i", "1.5"), "unknown");
  EXPECT_EQ(Bound("l", "1.5"), "unknown");
}

TEST(Expression, AMomentWithoutZoneIsUtc) {
  EXPECT_EQ(Bound("z", "\"2026-01-02T00:00:00\""), "timestamptz 2026-01-02T00:00:00+00:00");
  EXPECT_EQ(Bound("z", "\"2026-01-02T02:00:00+02:00\""), "timestamptz 2026-01-02T00:00:00+00:00");
  EXPECT_EQ(Bound("z", "\"soon\""), "error");
}

TEST(Expression, WhatIsNoNumberIsAnError) {
  EXPECT_EQ(Bound("m", "\"ten\""), "error");
  EXPECT_EQ(Bound("i", "true"), "error");
  EXPECT_EQ(Bound("s", "10"), "error");
}

}  // namespace
}  // namespace weir::iceberg
