// One coroutine waits for one event that others bring about, or for a deadline.
//   auto done = std::make_shared<Completion>(home);
//   ... hand `done` out; on the home shard somebody calls done->Notify() ...
//   if (!co_await Completion::Wait(done, 30s)) { /* too late */ }
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "async/shard.h"

namespace weir {

/// Used on its home shard only; from elsewhere: home.Post([done] { done->Notify(); }).
class Completion {
 public:
  explicit Completion(Shard& home) : home_(home) {}

  /// Let the waiter go on, in a later turn of the loop. Once is enough; more is fine.
  void Notify();
  bool notified() const { return notified_; }

  /// Wait until Notify() was called (true) or `at_most` passed (false). One waiter at a time; may
  /// be called again.
  static Task<bool> Wait(std::shared_ptr<Completion> self, std::chrono::milliseconds at_most);

  /// Be notified once more after this.
  void Reset() { notified_ = false; }

 private:
  Shard& home_;
  bool notified_ = false;
  std::function<void()> resume_;  // set while somebody waits
};

}  // namespace weir
