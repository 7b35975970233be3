// Time comes from outside, so that tests and simulations own it.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the Unix epoch; may jump.
  virtual int64_t NowMs() const = 0;
  /// Microseconds since some start; never goes back.
  virtual int64_t MonotonicUs() const = 0;
};

/// The machine's clocks. Thread-safe; lives for ever.
const Clock& SystemClock();

/// A clock that stands still until a test moves it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ms = 1'700'000'000'000) : now_ms_(now_ms) {}
  int64_t NowMs() const override { return now_ms_; }
  int64_t MonotonicUs() const override { return now_ms_ * 1000; }
  void AdvanceMs(int64_t by) { now_ms_ += by; }

 private:
  std::atomic<int64_t> now_ms_;
};

}  // namespace weir
