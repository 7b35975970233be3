#include "sql/duckdb_api.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(DuckDbApi, ResolvesEveryFunctionOfTheTable) {
  const auto api = LoadDuckDb();
  ASSERT_TRUE(api.ok()) << api.error().message;
  EXPECT_STREQ((*api)->library_version(), "v1.5.5");
  EXPECT_TRUE(DuckDbIsLoaded());
}

}  // namespace
}  // namespace weir
