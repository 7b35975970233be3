#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/matchers.h"
#include "record/key_encoder.h"
#include "record/random_rows.h"
#include "record/row_format.h"

namespace weir {
namespace {

constexpr RowFormat kFormats[] = {RowFormat::kCompacted, RowFormat::kIndexed, RowFormat::kAligned};
constexpr uint32_t kSeeds = 300;

std::string Encoded(RowFormat format, const std::vector<DataType>& types,
                    std::span<const Value> row) {
  std::string out;
  EXPECT_THAT(RowEncoder(format, types).Encode(row, out), IsOk());
  return out;
}

TEST(RandomRow, ReadsBackAsItWasWritten) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    RandomRows random(seed);
    const std::vector<DataType> types = random.Types(12, 3);
    for (const RowFormat format : kFormats) {
      const std::vector<Value> row = random.Row(types, format);
      const std::string bytes = Encoded(format, types, row);
      std::vector<Value> read(types.size());
      ASSERT_THAT(RowDecoder(format, types).Decode(bytes, read), IsOk()) << "seed " << seed;
      EXPECT_EQ(read, row) << "seed " << seed;
      EXPECT_THAT(RowWalk().Row(read, types), IsOk()) << "seed " << seed;
    }
  }
}

TEST(RandomRow, IsTheSameAfterATripThroughTheOtherFormats) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    RandomRows random(seed);
    const std::vector<DataType> types = random.Types(12, 3);
    const std::string start =
        Encoded(RowFormat::kCompacted, types, random.Row(types, RowFormat::kCompacted));
    std::string bytes = start;
    RowFormat at = RowFormat::kCompacted;
    for (const RowFormat to : {RowFormat::kAligned, RowFormat::kIndexed, RowFormat::kCompacted}) {
      std::vector<Value> row(types.size());
      ASSERT_THAT(RowDecoder(at, types).Decode(bytes, row), IsOk()) << "seed " << seed;
      bytes = Encoded(to, types, row);
      at = to;
    }
    EXPECT_EQ(ToHex(bytes), ToHex(start)) << "seed " << seed;
  }
}

// Damaged rows are refused or read as other rows; under ASan a read outside is a failure.
TEST(RandomRow, DamageNeverLeavesTheRowsBytes) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    RandomRows random(seed);
    const std::vector<DataType> types = random.Types(6, 3);
    for (const RowFormat format : kFormats) {
      const std::string good = Encoded(format, types, random.Row(types, format));
      const RowDecoder decoder(format, types);
      std::vector<Value> read(types.size());
      for (size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1 << random.Below(8));
        if (!decoder.Decode(bad, read).ok()) continue;
        RowWalk walk;
        static_cast<void>(walk.Row(read, types));
        EXPECT_LE(walk.bytes(), static_cast<int64_t>(bad.size()))
            << "seed " << seed << " byte " << at;
      }
      for (size_t length = 0; length < good.size(); ++length) {
        const std::string cut(good.data(), length);
        if (decoder.Decode(cut, read).ok()) static_cast<void>(RowWalk().Row(read, types));
      }
    }
  }
}

TEST(RandomKey, ReadsBackAsItWasWritten) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    RandomRows random(seed);
    std::vector<DataType> types = random.Types(20, 0);
    std::vector<int> positions;
    for (DataType& type : types) {
      type.nullable = false;
      positions.push_back(static_cast<int>(positions.size()));
    }
    const std::vector<Value> row = random.Row(types, RowFormat::kCompacted);
    for (const KeyFormat format : {KeyFormat::kCompacted, KeyFormat::kPaimon}) {
      std::string key;
      ASSERT_THAT(KeyEncoder::Make(format, types, positions)->Encode(row, key), IsOk());
      std::vector<Value> read(types.size());
      ASSERT_THAT(KeyDecoder::Make(format, types)->Decode(key, read), IsOk()) << "seed " << seed;
      EXPECT_EQ(read, row) << "seed " << seed;
    }
  }
}

// Prefix lookups depend on it.
TEST(RandomKey, ACompactedKeyStartsWithTheKeyOfItsFirstColumns) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    RandomRows random(seed);
    std::vector<DataType> types = {random.Type(0).NotNull(), random.Type(0).NotNull(),
                                   random.Type(0).NotNull()};
    const std::vector<Value> row = random.Row(types, RowFormat::kCompacted);
    std::string whole;
    std::string prefix;
    ASSERT_THAT(
        KeyEncoder::Make(KeyFormat::kCompacted, types, std::vector{0, 1, 2})->Encode(row, whole),
        IsOk());
    ASSERT_THAT(
        KeyEncoder::Make(KeyFormat::kCompacted, types, std::vector{0, 1})->Encode(row, prefix),
        IsOk());
    EXPECT_TRUE(whole.starts_with(prefix)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir
