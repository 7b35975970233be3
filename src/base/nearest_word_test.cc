#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(NearestWord, FindsWhatWasMeant) {
  EXPECT_EQ(NearestWord("custmer", {"orders", "customer", "event"}), "customer");
  EXPECT_EQ(NearestWord("xyz", {"orders", "customer"}), "");
  EXPECT_EQ(DidYouMean("ORDRES", {"orders", "customer"}), " (did you mean orders?)");
  EXPECT_EQ(DidYouMean("xyz", {"orders", "customer"}), "");
}

TEST(NearestWord, SwappedNeighboursAreOneStep) {
  EXPECT_EQ(EditDistance("tabels", "TABLES"), 1u);
  EXPECT_EQ(EditDistance("", "ab"), 2u);
  EXPECT_EQ(EditDistance("listn", "listen"), 1u);
}

}  // namespace
}  // namespace weir
