#include "cli/progress_bar.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

namespace weir {
namespace {

constexpr std::chrono::seconds kQuietFor{2};
constexpr std::chrono::milliseconds kRedrawEvery{100};
constexpr int64_t kChecksPerUnits =
    64;  // looking at the clock for every row would cost more than the row
constexpr int64_t kCells = 30;

}  // namespace

ProgressBar::ProgressBar(std::string what, int64_t total)
    : what_(std::move(what)),
      total_(total),
      visible_(::isatty(STDERR_FILENO) == 1),
      next_draw_(started_ + kQuietFor) {}

ProgressBar::~ProgressBar() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::Update(int64_t done) {
  if (!visible_ || done < next_check_) return;
  next_check_ = done + std::max<int64_t>(1, total_ / (kCells * kChecksPerUnits));
  const auto now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + kRedrawEvery;
  Draw(done);
}

void ProgressBar::Draw(int64_t done) {
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  if (total_ <= 0) {
    fmt::print(stderr, "\r\033[K{} {} ({:.0f}/s)", what_, done,
               static_cast<double>(done) / seconds);
    return;
  }
  const int64_t part = std::clamp<int64_t>(done * kCells / total_, 0, kCells);
  const double left =
      done > 0 ? seconds * static_cast<double>(total_ - done) / static_cast<double>(done) : 0;
  fmt::print(stderr, "\r\033[K{} [{}{}] {:3}% {:.0f} s left", what_,
             std::string(static_cast<size_t>(part), '#'),
             std::string(static_cast<size_t>(kCells - part), '.'), done * 100 / total_, left);
}

}  // namespace weir
