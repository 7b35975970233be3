#include "tiering/changelog_reducer.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/matchers.h"
#include "lake/arrow_types.h"
#include "lake/fluss_layout.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using enum ChangeType;

struct Change {
  int64_t key;
  ChangeType change;
  int64_t value;
};

TableInfo Table() {
  Schema schema =
      *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kBigInt)},
                                 {.name = "v", .type = DataType::Of(TypeKind::kBigInt)}},
                     .primary_key = {"id"}});
  return {.id = TableId{1},
          .path = {"db", "t"},
          .descriptor = {.schema = std::move(schema), .bucket_keys = {"id"}, .bucket_count = 1}};
}

class ChangelogReducerTest : public testing::Test {
 protected:
  static std::shared_ptr<arrow::Array> Numbers(const std::vector<int64_t>& values) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return *builder.Finish();
  }

  void Add(const std::vector<Change>& changes) {
    std::vector<int64_t> keys;
    std::vector<int64_t> values;
    LakeRows rows;
    for (const Change& change : changes) {
      keys.push_back(change.key);
      values.push_back(change.value);
      rows.changes.push_back(change.change);
    }
    const auto schema = *iceberg::ToArrow(lake_.schema);
    rows.rows = arrow::RecordBatch::Make(arrow::schema({schema->field(0), schema->field(1)}),
                                         static_cast<int64_t>(changes.size()),
                                         {Numbers(keys), Numbers(values)});
    ASSERT_TRUE(reducer_->Add(std::move(rows)).ok());
  }

  static int64_t KeyOf(BytesView key) {
    int64_t out = 0;
    EXPECT_EQ(key.size(), sizeof out);
    std::copy(key.begin(), key.end(), reinterpret_cast<char*>(&out));
    return out;
  }
  static std::vector<int64_t> KeysOf(const std::vector<BytesView>& keys) {
    std::vector<int64_t> out;
    for (const BytesView key : keys) out.push_back(KeyOf(key));
    return out;
  }

  std::vector<std::pair<int64_t, int64_t>> Kept(size_t batch) {
    const auto kept = reducer_->KeptOf(batch).value();
    std::vector<std::pair<int64_t, int64_t>> out;
    if (kept.rows == nullptr) return out;
    const auto& values = static_cast<const arrow::Int64Array&>(*kept.rows->column(1));
    for (size_t i = 0; i < kept.keys.size(); ++i)
      out.emplace_back(KeyOf(kept.keys[i]), values.Value(static_cast<int64_t>(i)));
    return out;
  }

  const iceberg::NewTable lake_ = *iceberg::LakeTableOf(Table());
  const LakeKeys keys_ = *LakeKeys::Create(Table(), lake_.schema);
  std::unique_ptr<ChangelogReducer> reducer_ =
      std::make_unique<ChangelogReducer>(keys_, ChangelogReducer::Inserts::kTrusted);
};

TEST_F(ChangelogReducerTest, KeepsTheLastRowOfEachKey) {
  Add({{1, kInsert, 10}, {2, kInsert, 20}, {1, kUpdateBefore, 10}, {1, kUpdateAfter, 11}});
  Add({{2, kDelete, 20}, {3, kUpdateBefore, 1}, {3, kUpdateAfter, 30}, {4, kDelete, 4}});
  EXPECT_THAT(Kept(0), ElementsAre(std::pair(1, 11)));
  EXPECT_THAT(Kept(1), ElementsAre(std::pair(3, 30)));
  EXPECT_THAT(KeysOf(reducer_->MayHaveOlderRow()), UnorderedElementsAre(3, 4));
  EXPECT_THAT(KeysOf(reducer_->deleted()), UnorderedElementsAre(2, 4));
}

TEST_F(ChangelogReducerTest, ARowThatCameBackHasItsOlderRowDeleted) {
  Add({{1, kDelete, 0}, {1, kInsert, 5}});
  EXPECT_THAT(Kept(0), ElementsAre(std::pair(1, 5)));
  EXPECT_THAT(KeysOf(reducer_->MayHaveOlderRow()), ElementsAre(1));
  EXPECT_THAT(reducer_->deleted(), IsEmpty());
}

TEST_F(ChangelogReducerTest, InsertsAreLookedUpWhereTheyAreNotTrusted) {
  reducer_ = std::make_unique<ChangelogReducer>(keys_, ChangelogReducer::Inserts::kLookedUp);
  Add({{1, kInsert, 10}});
  EXPECT_THAT(KeysOf(reducer_->MayHaveOlderRow()), ElementsAre(1));
}

TEST_F(ChangelogReducerTest, IsWhatAReplayOfTheChangelogGives) {
  std::mt19937 dice(11);  // NOLINT: the same changes each time
  std::map<int64_t, int64_t> before;
  std::map<int64_t, int64_t> state;
  for (int64_t key = 0; key < 20; ++key) before[key] = state[key] = -key;
  size_t batches = 0;
  for (; batches < 30; ++batches) {
    std::vector<Change> changes;
    for (int i = 0; i < 20; ++i) {
      const auto key = static_cast<int64_t>(dice() % 40);
      const auto value = static_cast<int64_t>(dice() % 1000);
      const auto found = state.find(key);
      if (found == state.end()) {
        changes.push_back({key, kInsert, value});
      } else if (dice() % 3 == 0) {
        changes.push_back({key, kDelete, found->second});
        state.erase(found);
        continue;
      } else {
        changes.push_back({key, kUpdateBefore, found->second});
        changes.push_back({key, kUpdateAfter, value});
      }
      state[key] = value;
    }
    Add(changes);
  }
  std::map<int64_t, int64_t> after = before;
  for (const int64_t key : KeysOf(reducer_->MayHaveOlderRow())) after.erase(key);
  for (size_t batch = 0; batch < batches; ++batch) {
    for (const auto& [key, value] : Kept(batch)) EXPECT_TRUE(after.emplace(key, value).second);
  }
  EXPECT_EQ(after, state);
}

}  // namespace
}  // namespace weir
