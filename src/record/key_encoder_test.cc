#include "record/key_encoder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/matchers.h"
#include "record/bucketing.h"
#include "record/golden_values.h"

namespace weir {
namespace {

struct Lake {
  const char* section;
  std::optional<LakeFormat> format;
};
constexpr Lake kLakes[] = {{"KEY_FLUSS", std::nullopt},
                           {"KEY_PAIMON", LakeFormat::kPaimon},
                           {"KEY_ICEBERG", LakeFormat::kIceberg},
                           {"KEY_HUDI", LakeFormat::kHudi}};

std::vector<int> AllPositions(size_t columns) {
  std::vector<int> out(columns);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// "<hex> <bucket of 16>", or "refused", as the Java program prints it.
std::string KeyAndBucket(const Lake& lake, std::span<const DataType> types,
                         std::span<const Value> row) {
  const KeyFormat format = ChooseKeyFormats(lake.format, 2, true).bucket;
  const auto encoder = KeyEncoder::Make(format, types, AllPositions(types.size()));
  std::string key;
  if (!encoder.ok() || !encoder->Encode(row, key).ok()) return "refused";
  return fmt::format("{} {}", ToHex(key), BucketOf(ChooseBucketing(lake.format), key, 16).value());
}

TEST(KeyEncoder, MakesTheKeysAndBucketsOfTheJavaClientForEveryTypeAndLake) {
  for (const Lake& lake : kLakes) {
    const auto vectors = golden::Vectors(lake.section);
    ASSERT_EQ(vectors.size(), golden::Scalars().size() + 1);
    for (size_t i = 0; i < golden::Scalars().size(); ++i) {
      const std::vector<DataType> types = {golden::Type(vectors[i].name)};
      EXPECT_EQ(KeyAndBucket(lake, types, std::vector{golden::Scalars()[i].value}), vectors[i].text)
          << lake.section << " " << vectors[i].name;
    }
    EXPECT_EQ(KeyAndBucket(lake, golden::ScalarTypes(), golden::ScalarValues()),
              vectors.back().text)
        << lake.section;
  }
}

TEST(KeyEncoder, PicksKeyColumnsInKeyOrder) {
  const auto types =
      std::vector{golden::Type("BIGINT"), golden::Type("STRING"), golden::Type("INT")};
  const auto row =
      std::vector{Value::Int(1234567890123), Value::Bytes("h\xc3\xa9y"), Value::Int(-5)};
  const auto encoder = KeyEncoder::Make(KeyFormat::kCompacted, types, std::vector{2, 1, 0});
  ASSERT_THAT(encoder, IsOk());
  std::string key;
  ASSERT_THAT(encoder->Encode(row, key), IsOk());
  EXPECT_EQ(ToHex(key), "fbffffff0f0468c3a979cb89ec8ff723");  // fluss-client 1.0.0
}

TEST(KeyEncoder, RefusesNullsInAKey) {
  for (const KeyFormat format : {KeyFormat::kCompacted, KeyFormat::kPaimon, KeyFormat::kIceberg}) {
    const auto encoder = KeyEncoder::Make(format, std::vector{golden::Type("INT")}, std::vector{0});
    ASSERT_THAT(encoder, IsOk());
    std::string key;
    EXPECT_THAT(encoder->Encode(std::vector{Value::Null()}, key),
                IsError(ErrorCode::kCorruptRecord));
  }
}

TEST(KeyEncoder, RefusesNestedTypes) {
  for (const KeyFormat format :
       {KeyFormat::kCompacted, KeyFormat::kPaimon, KeyFormat::kIceberg, KeyFormat::kHudi}) {
    EXPECT_THAT(KeyEncoder::Make(format, std::vector{golden::Type("ARRAY<INT>")}, std::vector{0}),
                IsError(ErrorCode::kInvalidTable));
  }
}

TEST(KeyDecoder, ReadsBackEveryKeyThatIsNotAHash) {
  for (const KeyFormat format : {KeyFormat::kCompacted, KeyFormat::kPaimon, KeyFormat::kIceberg}) {
    for (const golden::Scalar& scalar : golden::Scalars()) {
      const auto encoder =
          KeyEncoder::Make(format, std::vector{golden::Type(scalar.type)}, std::vector{0});
      if (!encoder.ok()) continue;  // Iceberg has no such key
      std::string key;
      ASSERT_THAT(encoder->Encode(std::vector{scalar.value}, key), IsOk());
      const auto decoder = KeyDecoder::Make(format, {golden::Type(scalar.type)});
      ASSERT_THAT(decoder, IsOk());
      Value read;
      ASSERT_THAT(decoder->Decode(key, std::span(&read, 1)), IsOk()) << scalar.type;
      const bool micros_only =
          format == KeyFormat::kIceberg && scalar.value.kind() == Value::Kind::kTimestamp;
      const Value expected = micros_only
                                 ? Value::Timestamp(scalar.value.timestamp_ms(),
                                                    scalar.value.timestamp_nanos() / 1000 * 1000)
                                 : scalar.value;
      EXPECT_EQ(read, expected) << scalar.type << " format " << static_cast<int>(format);
    }
  }
}

TEST(KeyDecoder, RefusesKeysThatAreCutOrTooLong) {
  const auto encoder = KeyEncoder::Make(KeyFormat::kCompacted, golden::ScalarTypes(),
                                        AllPositions(golden::Scalars().size()));
  std::string key;
  ASSERT_THAT(encoder->Encode(golden::ScalarValues(), key), IsOk());
  const auto decoder = KeyDecoder::Make(KeyFormat::kCompacted, golden::ScalarTypes());
  std::vector<Value> out(decoder->size());
  ASSERT_THAT(decoder->Decode(key, out), IsOk());
  EXPECT_EQ(out, golden::ScalarValues());
  for (size_t length = 0; length < key.size(); ++length) {
    EXPECT_THAT(decoder->Decode(std::string(key.data(), length), out),
                IsError(ErrorCode::kCorruptRecord));
  }
  EXPECT_THAT(decoder->Decode(key + "x", out), IsError(ErrorCode::kCorruptRecord));
}

TEST(KeyFormats, FollowTheLakeUnlessPrefixLookupsNeedFlussOwnKeys) {
  using enum KeyFormat;
  struct Row {
    std::optional<LakeFormat> lake;
    int version;
    bool default_bucket_key;
    KeyFormat kv;
    KeyFormat bucket;
  };
  // fluss-client 1.0.0 KeyEncoder.ofPrimaryKeyEncoder and ofBucketKeyEncoder, case by case.
  const Row rows[] = {
      {std::nullopt, 1, true, kCompacted, kCompacted},
      {std::nullopt, 2, false, kCompacted, kCompacted},
      {LakeFormat::kLance, 2, true, kCompacted, kCompacted},
      {LakeFormat::kPaimon, 1, true, kPaimon, kPaimon},
      {LakeFormat::kPaimon, 1, false, kPaimon, kPaimon},
      {LakeFormat::kPaimon, 2, true, kPaimon, kPaimon},
      {LakeFormat::kPaimon, 2, false, kCompacted, kPaimon},
      {LakeFormat::kIceberg, 2, true, kIceberg, kIceberg},
      {LakeFormat::kIceberg, 2, false, kCompacted, kIceberg},
      {LakeFormat::kHudi, 1, true, kCompacted, kHudi},
      {LakeFormat::kHudi, 2, true, kCompacted, kHudi},
  };
  for (const Row& row : rows) {
    const KeyFormats formats = ChooseKeyFormats(row.lake, row.version, row.default_bucket_key);
    EXPECT_EQ(formats.kv, row.kv);
    EXPECT_EQ(formats.bucket, row.bucket);
  }
}

}  // namespace
}  // namespace weir
