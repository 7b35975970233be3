#include "async/shard.h"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <stdexcept>
#include <vector>

#include "async/completion.h"

namespace weir {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;

class ShardsTest : public ::testing::Test {
 protected:
  ShardsTest() { shards_.Start(); }

  template <class T>
  T On(int shard, Task<T> task) {
    return boost::asio::co_spawn(shards_.at(shard).io(), std::move(task), boost::asio::use_future)
        .get();
  }

  Shards shards_{2};
};

TEST_F(ShardsTest, RunCallsOnTheOtherShardAndComesHome) {
  const bool right = On(0, [](Shards& shards) -> Task<bool> {
    const bool there = co_await shards.at(1).Run([&] { return shards.at(1).IsCurrent(); });
    co_return there&& shards.at(0).IsCurrent();
  }(shards_));
  EXPECT_TRUE(right);
}

TEST_F(ShardsTest, RunMovesResultsAndTakesVoid) {
  const auto text = On(0, [](Shards& shards) -> Task<std::string> {
    std::string seen;
    co_await shards.at(1).Run([&] { seen = "void"; });
    auto made = co_await shards.at(1).Run([] { return std::make_unique<std::string>("moved"); });
    co_return seen + "," + *made;
  }(shards_));
  EXPECT_EQ(text, "void,moved");
}

TEST_F(ShardsTest, CallsFromOneShardToAnotherKeepTheirOrder) {
  std::vector<int> seen;
  std::promise<void> done;
  shards_.at(0).Post([&] {
    for (int i = 0; i < 100; ++i) {
      boost::asio::co_spawn(
          shards_.at(0).io(),
          [](Shards& shards, std::vector<int>& order, int n,
             std::promise<void>& last) -> Task<void> {
            co_await shards.at(1).Run([&] { order.push_back(n); });
            if (n == 99) last.set_value();
          }(shards_, seen, i, done),
          boost::asio::detached);
    }
  });
  done.get_future().get();
  ASSERT_EQ(seen.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_F(ShardsTest, AThrowingTurnDoesNotEndTheShard) {
  shards_.at(1).Post([] { throw std::runtime_error("thrown on purpose"); });
  EXPECT_EQ(On(0,
               [](Shards& shards) -> Task<int> {
                 co_return co_await shards.at(1).Run([] { return 7; });
               }(shards_)),
            7);
}

TEST_F(ShardsTest, TimersFireInOrderOfTheirDeadlines) {
  std::vector<int> fired;
  std::promise<void> done;
  shards_.at(0).Post([&] {
    Timers& timers = shards_.at(0).timers();
    timers.Add(3ms, [&] { fired.push_back(3), done.set_value(); });
    timers.Add(1ms, [&] { fired.push_back(1); });
    const TimerId cancelled = timers.Add(2ms, [&] { fired.push_back(2); });
    timers.Cancel(cancelled);
    timers.Cancel(cancelled);
  });
  done.get_future().get();
  EXPECT_EQ(fired, (std::vector{1, 3}));
}

TEST_F(ShardsTest, CompletionTellsNotifiedFromLate) {
  const bool late = On(0, [](Shards& shards) -> Task<bool> {
    co_return co_await Completion::Wait(std::make_shared<Completion>(shards.at(0)), 1ms);
  }(shards_));
  EXPECT_FALSE(late);
  const bool notified = On(0, [](Shards& shards) -> Task<bool> {
    auto done = std::make_shared<Completion>(shards.at(0));
    shards.at(1).Post([done, &home = shards.at(0)] { home.Post([done] { done->Notify(); }); });
    co_return co_await Completion::Wait(done, 1min);
  }(shards_));
  EXPECT_TRUE(notified);
}

}  // namespace
}  // namespace weir
