#include "record/value_batch.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/matchers.h"

namespace weir {
namespace {

std::string TwoValues() {
  ValueBatchBuilder builder;
  std::string stored;
  AppendStoredValue(stored, SchemaId(1), *FromHex("00010178"));
  builder.Append(stored);
  stored.clear();
  AppendStoredValue(stored, SchemaId(2), "");
  builder.Append(stored);
  return builder.Finish();
}

TEST(ValueBatch, HasTheLayoutOfTheProtocol) {
  EXPECT_EQ(ToHex(TwoValues()),
            "15000000"
            "00"
            "02000000"
            "06000000"
            "0100"
            "00010178"
            "02000000"
            "0200");
}

TEST(ValueBatch, ReadsBackWhatItWrote) {
  const std::string bytes = TwoValues();
  const auto values = ParseValueBatch(bytes);
  ASSERT_THAT(values, IsOk());
  ASSERT_EQ(values->size(), 2u);
  EXPECT_EQ((*values)[0].schema_id, SchemaId(1));
  EXPECT_EQ(ToHex((*values)[0].row), "00010178");
  EXPECT_EQ((*values)[1].schema_id, SchemaId(2));
}

TEST(ValueBatch, AnEmptyOneIsNineBytes) {
  EXPECT_EQ(ToHex(ValueBatchBuilder().Finish()), "050000000000000000");
  EXPECT_THAT(ParseValueBatch(ValueBatchBuilder().Finish()), IsOk());
}

TEST(ValueBatch, EveryTruncationIsNoticed) {
  const std::string good = TwoValues();
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(ParseValueBatch(std::string(good.data(), length)),
                IsError(ErrorCode::kCorruptMessage))
        << length;
  }
}

TEST(StoredValue, NeedsItsSchemaId) {
  EXPECT_THAT(ParseStoredValue("x"), IsError(ErrorCode::kCorruptRecord));
}

}  // namespace
}  // namespace weir
