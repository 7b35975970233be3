#include "record/schema.h"

#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir {
namespace {

using testing::ElementsAre;

Column Col(std::string name, std::string_view type, int32_t id = -1) {
  return {.name = std::move(name),
          .type = DataType::Parse(type).value(),
          .comment = {},
          .agg_function = {},
          .id = id};
}

TEST(Schema, GivesIdsDepthFirst) {
  // Java: a MAP<STRING, ROW<x, y>> with id 1 has x = 2, y = 3, and the next column is 4.
  const auto schema = Schema::Make(
      {.columns = {Col("a", "INT"), Col("m", "MAP<STRING, ROW<x INT, y INT>>"), Col("z", "INT")}});
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->column(1).id, 1);
  EXPECT_EQ(schema->column(1).type.value().fields()[0].id, 2);
  EXPECT_EQ(schema->column(1).type.value().fields()[1].id, 3);
  EXPECT_EQ(schema->column(2).id, 4);
  EXPECT_EQ(schema->highest_field_id(), 4);
}

TEST(Schema, KeepsGivenIdsAndAHigherHighest) {
  const auto schema =
      Schema::Make({.columns = {Col("a", "INT", 3), Col("b", "INT", 1)}, .highest_field_id = 9});
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->column(0).id, 3);
  EXPECT_EQ(schema->highest_field_id(), 9);
}

TEST(Schema, PrimaryKeyColumnsBecomeNotNullInDeclarationOrder) {
  const auto schema =
      Schema::Make({.columns = {Col("a", "INT"), Col("b", "STRING"), Col("c", "INT")},
                    .primary_key = {"c", "a"}});
  ASSERT_THAT(schema, IsOk());
  EXPECT_THAT(schema->primary_key_positions(), ElementsAre(2, 0));
  EXPECT_FALSE(schema->column(0).type.nullable);
  EXPECT_TRUE(schema->column(1).type.nullable);
  EXPECT_FALSE(schema->column(2).type.nullable);
}

TEST(Schema, RefusesWhatJavaRefuses) {
  const auto with_agg = [](Column column) {
    column.agg_function = AggFunction{.type = "sum", .parameters = {}};
    return column;
  };
  const Schema::Parts bad[] = {
      {},
      {.columns = {Col("a", "INT"), Col("a", "INT")}},
      {.columns = {Col("a", "INT", 0), Col("b", "INT")}},
      {.columns = {Col("a", "INT", 0), Col("b", "INT", 0)}},
      {.columns = {Col("a", "ROW<x INT, x INT>")}},
      {.columns = {Col("a", "INT")}, .primary_key = {"a", "a"}},
      {.columns = {Col("a", "INT")}, .primary_key = {"b"}},
      {.columns = {Col("a", "INT"), Col("b", "INT")}, .auto_increment = {"b"}},
      {.columns = {Col("a", "INT"), Col("b", "INT")},
       .primary_key = {"a"},
       .auto_increment = {"a"}},
      {.columns = {Col("a", "INT"), Col("b", "STRING")},
       .primary_key = {"a"},
       .auto_increment = {"b"}},
      {.columns = {Col("a", "INT"), Col("b", "INT"), Col("c", "INT")},
       .primary_key = {"a"},
       .auto_increment = {"b", "c"}},
      {.columns = {with_agg(Col("a", "INT")), Col("b", "INT")}, .primary_key = {"a"}},
      {.columns = {Col("a", "INT", INT32_MAX)}},
  };
  for (const Schema::Parts& parts : bad)
    EXPECT_THAT(Schema::Make(parts), IsError(ErrorCode::kInvalidTable));
}

}  // namespace
}  // namespace weir
