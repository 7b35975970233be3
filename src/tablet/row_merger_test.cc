// The rules of rpc and server semantics of Fluss 1.0 as tables: DefaultRowMerger,
// FirstRowRowMerger, VersionedRowMerger and PartialUpdater at 545c5539 say what each row of the
// tables expects.
#include "tablet/row_merger.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace weir {
namespace {

using Fields = std::vector<std::optional<int64_t>>;  // of a row (id, a, b, v); nullopt = null

std::vector<Value> ToValues(const Fields& fields) {
  std::vector<Value> values;
  for (const auto& field : fields) values.push_back(field ? Value::Int(*field) : Value::Null());
  return values;
}

std::string ToText(Row row) {
  std::string text;
  for (const Value& value : row)
    text += value.is_null() ? "- " : std::to_string(value.integer()) + " ";
  return text;
}

constexpr auto kNull = std::nullopt;

Schema FourColumns(DataType b = DataType::Of(TypeKind::kInt)) {
  return *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                    {.name = "a", .type = DataType::Of(TypeKind::kInt)},
                                    {.name = "b", .type = b},
                                    {.name = "v", .type = DataType::Of(TypeKind::kBigInt)}},
                        .primary_key = {"id"}});
}

TableConfig Engine(MergeEngine engine) {
  TableConfig config;
  config.merge_engine = engine;
  if (engine == MergeEngine::kVersioned) config.version_column = "v";
  return config;
}

struct UpsertCase {
  const char* name;
  MergeEngine engine;
  std::vector<int32_t> targets;
  std::optional<Fields> old;
  Fields written;
  std::string expected;  // "keep", or the resulting row
};

void PrintTo(const UpsertCase& test, std::ostream* out) { *out << test.name; }

class RowMergerUpsert : public testing::TestWithParam<UpsertCase> {};

TEST_P(RowMergerUpsert, GivesTheExpectedRow) {
  const UpsertCase& test = GetParam();
  const auto merger =
      RowMerger::Make(Engine(test.engine), FourColumns(), {.target_columns = test.targets});
  ASSERT_TRUE(merger.ok()) << merger.error().message;
  std::vector<Value> old_values;
  if (test.old) old_values = ToValues(*test.old);
  const Row old = old_values;
  const std::vector<Value> written = ToValues(test.written);
  std::vector<Value> merged(4);
  std::string result = "keep";
  switch (merger->Upsert(test.old ? &old : nullptr, written, merged)) {
    case RowMerger::Outcome::kKeepOld:
      break;
    case RowMerger::Outcome::kTakeNew:
      result = ToText(written);
      break;
    case RowMerger::Outcome::kMerged:
      result = ToText(merged);
      break;
  }
  EXPECT_EQ(result, test.expected);
}

constexpr auto kNone = MergeEngine::kNone;
constexpr auto kFirst = MergeEngine::kFirstRow;
constexpr auto kVersioned = MergeEngine::kVersioned;

INSTANTIATE_TEST_SUITE_P(
    Rules, RowMergerUpsert,
    testing::Values(
        UpsertCase{"InsertsTakeTheRow", kNone, {}, kNull, {1, 2, 3, 4}, "1 2 3 4 "},
        UpsertCase{
            "UpdatesTakeTheRow", kNone, {}, Fields{1, 2, 3, 4}, {1, 5, kNull, 7}, "1 5 - 7 "},
        UpsertCase{"IdenticalRowsAreStillUpdates",
                   kNone,
                   {},
                   Fields{1, 2, 3, 4},
                   {1, 2, 3, 4},
                   "1 2 3 4 "},
        UpsertCase{"FirstRowTakesTheFirst", kFirst, {}, kNull, {1, 2, 3, 4}, "1 2 3 4 "},
        UpsertCase{"FirstRowKeepsTheFirst", kFirst, {}, Fields{1, 2, 3, 4}, {1, 5, 6, 7}, "keep"},
        UpsertCase{"VersionedTakesTheFirst", kVersioned, {}, kNull, {1, 2, 3, kNull}, "1 2 3 - "},
        UpsertCase{"VersionedTakesANewerRow",
                   kVersioned,
                   {},
                   Fields{1, 2, 3, 4},
                   {1, 5, 6, 5},
                   "1 5 6 5 "},
        UpsertCase{"VersionedTakesAnEqualVersion",
                   kVersioned,
                   {},
                   Fields{1, 2, 3, 4},
                   {1, 5, 6, 4},
                   "1 5 6 4 "},
        UpsertCase{
            "VersionedKeepsANewerRow", kVersioned, {}, Fields{1, 2, 3, 4}, {1, 5, 6, 3}, "keep"},
        UpsertCase{"NoVersionIsOlderThanAny",
                   kVersioned,
                   {},
                   Fields{1, 2, 3, -9},
                   {1, 5, 6, kNull},
                   "keep"},
        UpsertCase{"AnyVersionIsNewerThanNone",
                   kVersioned,
                   {},
                   Fields{1, 2, 3, kNull},
                   {1, 5, 6, -9},
                   "1 5 6 -9 "},
        UpsertCase{"NoVersionEqualsNoVersion",
                   kVersioned,
                   {},
                   Fields{1, 2, 3, kNull},
                   {1, 5, 6, kNull},
                   "1 5 6 - "},
        UpsertCase{
            "PartialInsertsLeaveTheRestNull", kNone, {0, 1}, kNull, {1, 2, 99, 99}, "1 2 - - "},
        UpsertCase{"PartialUpdatesKeepTheRest",
                   kNone,
                   {0, 1},
                   Fields{1, 2, 3, 4},
                   {1, 5, 99, 99},
                   "1 5 3 4 "},
        UpsertCase{"PartialUpdatesMaySetNull",
                   kNone,
                   {0, 1},
                   Fields{1, 2, 3, 4},
                   {1, kNull, 99, 99},
                   "1 - 3 4 "},
        UpsertCase{
            "TargetsInAnyOrder", kNone, {3, 0}, Fields{1, 2, 3, 4}, {1, 99, 99, 7}, "1 2 3 7 "},
        UpsertCase{"KeyOnlyInsertsMakeARow", kNone, {0}, kNull, {1, 99, 99, 99}, "1 - - - "},
        UpsertCase{
            "KeyOnlyUpdatesChangeNothing", kNone, {0}, Fields{1, 2, 3, 4}, {1, 99, 99, 99}, "keep"},
        UpsertCase{"AllColumnsAreAWholeRow",
                   kNone,
                   {0, 1, 2, 3},
                   Fields{1, 2, 3, 4},
                   {1, 5, 6, kNull},
                   "1 5 6 - "},
        UpsertCase{"AllColumnsSuitMergeEngines",
                   kFirst,
                   {0, 1, 2, 3},
                   Fields{1, 2, 3, 4},
                   {1, 5, 6, 7},
                   "keep"}),
    [](const auto& info) { return info.param.name; });

struct DeleteCase {
  const char* name;
  std::vector<int32_t> targets;
  Fields old;
  std::string expected;  // "removed", or what is left
};

void PrintTo(const DeleteCase& test, std::ostream* out) { *out << test.name; }

class RowMergerDelete : public testing::TestWithParam<DeleteCase> {};

TEST_P(RowMergerDelete, LeavesTheExpectedRow) {
  const DeleteCase& test = GetParam();
  const auto merger =
      RowMerger::Make(Engine(kNone), FourColumns(), {.target_columns = test.targets});
  ASSERT_TRUE(merger.ok()) << merger.error().message;
  const std::vector<Value> old = ToValues(test.old);
  std::vector<Value> merged(4);
  const bool removed = merger->Delete(old, merged) == RowMerger::Removal::kRemoveRow;
  EXPECT_EQ(removed ? "removed" : ToText(merged), test.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RowMergerDelete,
    testing::Values(
        DeleteCase{"WholeRowsGo", {}, {1, 2, 3, 4}, "removed"},
        DeleteCase{"PartialDeletesNullTheirTargets", {0, 1}, {1, 2, 3, kNull}, "1 - 3 - "},
        DeleteCase{"NothingLeftRemovesTheRow", {0, 1}, {1, 2, kNull, kNull}, "removed"},
        DeleteCase{"TheKeyAloneIsNothing", {0}, {1, kNull, kNull, kNull}, "removed"},
        DeleteCase{"KeyOnlyDeletesKeepFullRows", {0}, {1, 2, kNull, kNull}, "1 2 - - "}),
    [](const auto& info) { return info.param.name; });

TEST(RowMerger, DeleteBehaviorFollowsTheEngineUnlessItIsSet) {
  const auto behavior = [](TableConfig config, PutOptions options = {}) {
    return RowMerger::Make(config, FourColumns(), options)->delete_behavior();
  };
  EXPECT_EQ(behavior(Engine(kNone)), DeleteBehavior::kAllow);
  EXPECT_EQ(behavior(Engine(kFirst)), DeleteBehavior::kIgnore);
  EXPECT_EQ(behavior(Engine(kVersioned)), DeleteBehavior::kIgnore);
  TableConfig disabled = Engine(kFirst);
  disabled.delete_behavior = DeleteBehavior::kDisable;
  EXPECT_EQ(behavior(disabled), DeleteBehavior::kDisable);
  EXPECT_EQ(behavior(disabled, {.merge_mode = MergeMode::kOverwrite}), DeleteBehavior::kAllow);
}

TEST(RowMerger, OverwriteBypassesTheEngine) {
  const auto merger =
      RowMerger::Make(Engine(kFirst), FourColumns(), {.merge_mode = MergeMode::kOverwrite});
  const std::vector<Value> old = ToValues({1, 2, 3, 4});
  const Row old_row = old;
  std::vector<Value> merged(4);
  EXPECT_EQ(merger->Upsert(&old_row, ToValues({1, 5, 6, 7}), merged), RowMerger::Outcome::kTakeNew);
}

TEST(RowMerger, BadTargetsAreRefused) {
  const auto code = [](MergeEngine engine, const Schema& schema, std::vector<int32_t> targets) {
    return RowMerger::Make(Engine(engine), schema, {.target_columns = targets}).code();
  };
  EXPECT_EQ(code(kNone, FourColumns(), {1, 2}), ErrorCode::kInvalidTargetColumn) << "no key";
  EXPECT_EQ(code(kNone, FourColumns(), {0, 4}), ErrorCode::kInvalidTargetColumn) << "out of range";
  EXPECT_EQ(code(kNone, FourColumns(), {0, -1}), ErrorCode::kInvalidTargetColumn) << "out of range";
  EXPECT_EQ(code(kFirst, FourColumns(), {0, 1}), ErrorCode::kInvalidTargetColumn) << "first_row";
  EXPECT_EQ(code(kVersioned, FourColumns(), {0, 3}), ErrorCode::kInvalidTargetColumn)
      << "versioned";
  const Schema strict = FourColumns(DataType::Of(TypeKind::kInt).NotNull());
  EXPECT_EQ(code(kNone, strict, {0, 1}), ErrorCode::kInvalidTargetColumn)
      << "NOT NULL beside the targets";
  EXPECT_EQ(code(kNone, strict, {0, 1, 2}), ErrorCode::kInvalidTargetColumn)
      << "NOT NULL in the targets";
  EXPECT_EQ(code(kNone, strict, {}), ErrorCode::kNone);
}

TEST(RowMerger, TheAutoIncrementColumnIsTheServers) {
  const Schema schema =
      *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                 {.name = "a", .type = DataType::Of(TypeKind::kInt)},
                                 {.name = "n", .type = DataType::Of(TypeKind::kBigInt)}},
                     .primary_key = {"id"},
                     .auto_increment = {"n"}});
  const auto code = [&](std::vector<int32_t> targets) {
    return RowMerger::Make(TableConfig(), schema, {.target_columns = targets}).code();
  };
  EXPECT_EQ(code({}), ErrorCode::kInvalidTargetColumn);
  EXPECT_EQ(code({0, 1, 2}), ErrorCode::kInvalidTargetColumn);
  EXPECT_EQ(code({0, 1}), ErrorCode::kNone);
}

}  // namespace
}  // namespace weir
