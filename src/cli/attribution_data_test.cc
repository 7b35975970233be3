#include "cli/attribution_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace weir {
namespace {

TEST(AttributionData, TheSameSeedMakesTheSameArrivals) {
  const auto first = MakeAttributionData(200, 5);
  const auto again = MakeAttributionData(200, 5);
  const auto other = MakeAttributionData(200, 6);
  ASSERT_EQ(first.size(), again.size());
  EXPECT_TRUE(std::ranges::equal(first, again, {}, &Arrival::row, &Arrival::row));
  EXPECT_FALSE(std::ranges::equal(first, other, {}, &Arrival::row, &Arrival::row));
}

TEST(AttributionData, ArrivalsAreInTheOrderOfTheirTime) {
  const auto arrivals = MakeAttributionData(500, 1);
  EXPECT_TRUE(std::ranges::is_sorted(arrivals, {}, &Arrival::arrival_ms));
}

TEST(AttributionData, EveryRowFitsItsTable) {
  for (const Arrival& arrival : MakeAttributionData(100, 1)) {
    EXPECT_EQ(arrival.row.size(), DescriptorOf(arrival.table).schema.size());
  }
}

TEST(AttributionData, OnlyRowsThatAreThereAreDeleted) {
  std::map<std::string, bool> there;
  for (const Arrival& arrival : MakeAttributionData(1000, 3)) {
    const std::string key =
        std::string(Name(arrival.table)) + std::get<std::string>(arrival.row[0]);
    if (arrival.op == Arrival::Op::kDelete) {
      EXPECT_TRUE(there[key]) << key;
    }
    there[key] = arrival.op != Arrival::Op::kDelete;
  }
}

}  // namespace
}  // namespace weir
