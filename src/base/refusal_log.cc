#include "base/refusal_log.h"

#include <string>
#include <utility>

#include "base/log.h"

namespace weir {
namespace {

/// One line at most `bytes_max` long, whatever a stranger put into `text`.
std::string OneLine(std::string_view text, size_t bytes_max) {
  std::string line(text.substr(0, bytes_max));
  for (char& c : line) {
    if (c == '"') c = '\'';
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

}  // namespace

void RefusalLog::Note(std::string_view peer, std::string_view request, std::string_view why) {
  if (const auto untold = Take()) {
    LogWarn(module_, "a client was refused: peer={} request=\"{}\" because=\"{}\" others_before={}",
            peer, OneLine(request, 200), OneLine(why, 300), *untold);
  }
}

std::optional<int64_t> RefusalLog::Take() {
  const std::scoped_lock lock(mutex_);
  const int64_t now_us = clock_.MonotonicUs();
  if (last_line_us_ && now_us - *last_line_us_ < std::chrono::microseconds(kInterval).count()) {
    ++untold_;
    return std::nullopt;
  }
  last_line_us_ = now_us;
  return std::exchange(untold_, 0);
}

}  // namespace weir
