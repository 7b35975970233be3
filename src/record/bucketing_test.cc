#include "record/bucketing.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/matchers.h"

namespace weir {
namespace {

struct Row {
  const char* key;
  int fluss3, fluss16, paimon3, paimon16, iceberg3, iceberg16;
};

// Made with the released Java client org.apache.fluss:fluss-client:1.0.0 (class BucketingFunction).
constexpr Row kRows[] = {
    {"01", 0, 12, 1, 10, 0, 11},        {"01020304", 1, 15, 1, 10, 1, 5},
    {"0102030405", 2, 10, 0, 13, 0, 8}, {"ff807f00010203", 1, 13, 0, 7, 2, 5},
    {"68656c6c6f", 1, 9, 1, 8, 1, 7},   {"666c7573732d6b65792d30303031", 2, 9, 2, 11, 0, 9},
};

TEST(Bucketing, AgreesWithTheJavaClient) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.key);
    const std::string key = *FromHex(row.key);
    EXPECT_THAT(BucketOf(Bucketing::kFluss, key, 3), HasValue(row.fluss3));
    EXPECT_THAT(BucketOf(Bucketing::kFluss, key, 16), HasValue(row.fluss16));
    EXPECT_THAT(BucketOf(Bucketing::kPaimon, key, 3), HasValue(row.paimon3));
    EXPECT_THAT(BucketOf(Bucketing::kPaimon, key, 16), HasValue(row.paimon16));
    EXPECT_THAT(BucketOf(Bucketing::kIceberg, key, 3), HasValue(row.iceberg3));
    EXPECT_THAT(BucketOf(Bucketing::kIceberg, key, 16), HasValue(row.iceberg16));
  }
}

TEST(Bucketing, OnlyPaimonHasABucketForTheEmptyKey) {
  EXPECT_THAT(BucketOf(Bucketing::kFluss, "", 3), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(BucketOf(Bucketing::kIceberg, "", 3), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(BucketOf(Bucketing::kPaimon, "", 3), HasValue(0));
  EXPECT_THAT(BucketOf(Bucketing::kPaimon, "", 16), HasValue(12));
}

// The table "hash values" of the Iceberg specification, appendix B: the murmur value itself.
TEST(Bucketing, HashesAsTheIcebergSpecificationSays) {
  const int32_t all = INT32_MAX;
  EXPECT_THAT(BucketOf(Bucketing::kIceberg, *FromHex("2200000000000000"), all),
              HasValue(2017239379));  // long 34
  EXPECT_THAT(BucketOf(Bucketing::kIceberg, "iceberg", all), HasValue(1210000089));
  EXPECT_THAT(BucketOf(Bucketing::kIceberg, *FromHex("00010203"), all),
              HasValue(-188683207 & INT32_MAX));
}

TEST(Bucketing, RefusesImpossibleCounts) {
  EXPECT_THAT(BucketOf(Bucketing::kFluss, "k", 0), IsError(ErrorCode::kInvalidTable));
  EXPECT_THAT(BucketOf(Bucketing::kHudi, "abc", 4), IsError(ErrorCode::kInvalidTable));
}

}  // namespace
}  // namespace weir
