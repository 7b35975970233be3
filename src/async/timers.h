// Many cheap deadlines on one loop. Most deadlines never happen: the request is answered before. So
// adding and cancelling one is a map operation, and the loop's timer is only moved when a new
// deadline is the earliest.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

namespace weir {

/// Names a deadline until it is cancelled or has happened. Never reused.
using TimerId = uint64_t;

/// Lives on one thread, the one that runs the loop.
class Timers {
 public:
  explicit Timers(boost::asio::io_context& io) : timer_(io) {}

  /// Call `f` once, `after` from now. Never before this returns.
  TimerId Add(std::chrono::milliseconds after, std::function<void()> f);
  /// Forget a deadline; an unknown id, 0 or one that happened is fine.
  void Cancel(TimerId id);

  size_t size() const { return due_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Due = std::multimap<Clock::time_point, std::pair<TimerId, std::function<void()>>>;

  void Arm();
  void Expire();

  boost::asio::steady_timer timer_;
  Clock::time_point armed_ = Clock::time_point::max();
  Due due_;
  std::map<TimerId, Due::iterator> by_id_;
  TimerId last_id_ = 0;
};

}  // namespace weir
