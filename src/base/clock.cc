#include "base/clock.h"

#include <ctime>

namespace weir {
namespace {

class MachineClock : public Clock {
 public:
  int64_t NowMs() const override { return Read(CLOCK_REALTIME) / 1'000'000; }
  int64_t MonotonicUs() const override { return Read(CLOCK_MONOTONIC) / 1000; }

 private:
  static int64_t Read(clockid_t id) {
    timespec t;
    clock_gettime(id, &t);
    return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

}  // namespace weir
