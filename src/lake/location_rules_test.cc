#include "lake/location_rules.h"

#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir::iceberg {
namespace {

TEST(LocationRulesTest, OnePlaceHasSeveralSpellings) {
  for (const char* location : {"/lake/a/t", "file:/lake/a/t", "file:///lake/a/t", "/lake/a/t/",
                               "/lake/a/t/data/x.parquet"})
    EXPECT_TRUE(IsBelow(location, "file:///lake/a/t")) << location;
  for (const char* location : {"s3://b/lake/t", "s3a://b/lake/t/x", "s3n://b/lake/t"})
    EXPECT_TRUE(IsBelow(location, "s3://b/lake/t")) << location;
}

TEST(LocationRulesTest, NothingElseIsBelow) {
  for (const char* location :
       {"/lake/a/t2", "/lake/a", "/lake/a/t/../u", "/lake/a/t/./u", "/lake/a/t//u", "/lake/a/t/\n",
        "lake/a/t", "", "/lake/a/t?x", "/lake/a/t#x", "/lake/a/t/\\..\\u", "s3://lake/a/t",
        "http://lake/a/t", "file://host/lake/a/t", "/LAKE/a/t", "/etc/passwd"})
    EXPECT_FALSE(IsBelow(location, "/lake/a/t")) << location;
  EXPECT_FALSE(IsBelow("s3://b/lake-other/t", "s3://b/lake"));
  EXPECT_FALSE(IsBelow("/anything", "relative"));
}

TEST(LocationRulesTest, NamesBecomePathComponentsThatMeanNothing) {
  EXPECT_EQ(EncodePathName("Orders_2-a"), "Orders_2-a");
  EXPECT_EQ(EncodePathName("../x y*'é"), "%2E%2E%2Fx%20y%2A%27%C3%A9");
  const std::vector<std::string> levels = {"a.b", ".."};
  EXPECT_EQ(AllocateLocation("s3://b/lake", levels, "t", "01234567-89ab"),
            "s3://b/lake/a%2Eb/%2E%2E/t-01234567");
}

TEST(LocationRulesTest, EveryPropertyThatHoldsAPlaceIsLookedAt) {
  const std::vector<std::string> kRoots = {"/lake/t", "/other"};
  for (const char* key : {"write.data.path", "write.metadata.path", "write.object-storage.path",
                          "write.folder-storage.path"}) {
    EXPECT_THAT(CheckPropertyLocations({{key, "/lake/t/x"}}, kRoots), IsOk()) << key;
    EXPECT_THAT(CheckPropertyLocations({{key, "/lake/u"}}, kRoots),
                IsError(ErrorCode::kInvalidTable))
        << key;
  }
  EXPECT_THAT(CheckPropertyLocations({{"comment", "/etc"}}, kRoots), IsOk());
}

}  // namespace
}  // namespace weir::iceberg
