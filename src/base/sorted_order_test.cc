#include "base/sorted_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <utility>

namespace weir {
namespace {

std::vector<uint32_t> ByComparing(const std::vector<BytesView>& texts) {
  std::vector<uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](uint32_t at) { return std::pair(texts[at], at); });
  return order;
}

TEST(SortedOrderTest, NothingHasAnOrderAndOneTextIsInIt) {
  EXPECT_TRUE(SortedOrder({}).empty());
  const std::vector<BytesView> one = {"a"};
  EXPECT_EQ(SortedOrder(one), std::vector<uint32_t>{0});
}

TEST(SortedOrderTest, ZerosAreMoreThanNothingAndBytesAreUnsigned) {
  const std::vector<std::string> owned = {std::string("k\0", 2),   "k", "k\xff", "k\x01",
                                          std::string("k\0\0", 3), "k", ""};
  const std::vector<BytesView> texts(owned.begin(), owned.end());
  EXPECT_EQ(SortedOrder(texts), ByComparing(texts));
}

TEST(SortedOrderTest, RandomTextsComeAsByComparingThem) {
  std::mt19937 dice(7);
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<std::string> owned(dice() % 100 + 1);
    const std::string prefix(dice() % 12, 'p');
    for (std::string& text : owned) {
      text = prefix;
      for (size_t i = dice() % 14; i > 0; --i) text.push_back(static_cast<char>(dice() % 3 * 127));
    }
    const std::vector<BytesView> texts(owned.begin(), owned.end());
    EXPECT_EQ(SortedOrder(texts), ByComparing(texts));
  }
}

TEST(SortedTextsTest, AreCopiesInOrderThatKnowWhereTheyWere) {
  const std::vector<BytesView> texts = {"b", "", "abc", "b", "a"};
  const SortedTexts sorted(texts);
  ASSERT_EQ(sorted.size(), 5);
  const std::vector<BytesView> expected = {"", "a", "abc", "b", "b"};
  const std::vector<uint32_t> places = {1, 4, 2, 0, 3};
  for (size_t i = 0; i < sorted.size(); ++i) {
    EXPECT_EQ(sorted[i], expected[i]);
    EXPECT_EQ(sorted.place(i), places[i]);
  }
}

}  // namespace
}  // namespace weir
