#include "async/timers.h"

#include <utility>
#include <vector>

namespace weir {

TimerId Timers::Add(std::chrono::milliseconds after, std::function<void()> f) {
  const TimerId id = ++last_id_;
  const auto at = due_.emplace(Clock::now() + after, std::pair(id, std::move(f)));
  by_id_.emplace_hint(by_id_.end(), id, at);
  if (at->first < armed_) Arm();
  return id;
}

void Timers::Cancel(TimerId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  due_.erase(found->second);
  by_id_.erase(found);
  // The loop's timer stays: it fires for nothing once, which is cheaper than moving it every time.
}

void Timers::Arm() {
  armed_ = due_.begin()->first;
  timer_.expires_at(armed_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Expire();
  });
}

void Timers::Expire() {
  armed_ = Clock::time_point::max();
  const Clock::time_point now = Clock::now();
  // Collected first: what is called may add and cancel deadlines.
  std::vector<TimerId> ids;
  for (auto at = due_.begin(); at != due_.end() && at->first <= now; ++at)
    ids.push_back(at->second.first);
  for (const TimerId id : ids) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) continue;
    const std::function<void()> f = std::move(found->second->second.second);
    due_.erase(found->second);
    by_id_.erase(found);
    f();
  }
  if (!due_.empty() && due_.begin()->first < armed_) Arm();
}

}  // namespace weir
