// Something that happens after a while, unless whoever asked for it is done by then. A thread of its own: for rare
// things such as the end of the process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace weir {

class Deadline {
 public:
  /// Call `late` from another thread `time` from now.
  Deadline(std::chrono::milliseconds time, std::function<void()> late)
      : thread_([this, time, late = std::move(late)] {
          std::unique_lock lock(mutex_);
          if (!met_.wait_for(lock, time, [this] { return is_met_; })) late();
        }) {}

  /// Met: it is not called any more; waits for a call under way.
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      is_met_ = true;
    }
    met_.notify_all();
    thread_.join();
  }

  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable met_;
  bool is_met_ = false;
  std::thread thread_;
};

}  // namespace weir
