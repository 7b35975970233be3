// A progress bar on stderr for work that takes more than two seconds; nothing when stderr is not a
// terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

class ProgressBar {
 public:
  /// what   shown before the bar: "writing events"
  /// total  units of the whole work; 0: unknown, only the count is shown
  ProgressBar(std::string what, int64_t total);
  /// Removes the bar.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Report how much is done; cheap enough for every row.
  void Update(int64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  void Draw(int64_t done);

  const std::string what_;
  const int64_t total_;
  const bool visible_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_draw_;
  int64_t next_check_ = 0;
  bool drawn_ = false;
};

}  // namespace weir
