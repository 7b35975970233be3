#include "lake/s3_retry.h"

#include <algorithm>
#include <array>

namespace weir::iceberg {
namespace {

int64_t FullWaitMs(const FileIoOptions& options, int64_t attempt) {
  const int64_t doubled = options.backoff_min.count() << std::min<int64_t>(attempt, 20);
  return std::min(doubled, options.backoff_max.count());
}

bool Mentions(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

int64_t RetryWaitMs(const FileIoOptions& options, int64_t attempt, double random) {
  const int64_t full = FullWaitMs(options, attempt);
  return full / 2 + static_cast<int64_t>(random * static_cast<double>(full - full / 2));
}

bool MayRetry(const FileIoOptions& options, int64_t attempt) {
  if (attempt + 1 >= options.attempts_max) return false;
  int64_t waits = 0;
  for (int64_t i = 0; i <= attempt; ++i) waits += FullWaitMs(options, i);
  return waits <= options.retry_time_max.count();
}

bool RetryGate::Wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !close_.wait_for(lock, time, [this] { return closed_; });
}

void RetryGate::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  close_.notify_all();
}

bool RetryGate::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool PassesByItself(std::string_view name, std::string_view message) {
  constexpr std::array kPassing = {
      "InternalError",   "ServiceUnavailable",   "SlowDown",        "Throttling",
      "RequestTimeout",  "RequestLimitExceeded", "TooManyRequests", "BandwidthLimit",
      "InternalFailure", "RequestTimeTooSkewed"};
  if (std::ranges::any_of(kPassing, [&](const char* part) { return Mentions(name, part); })) {
    return true;
  }
  // The last one: an error whose text is longer than the part of a file that was asked for. What it was, nobody can
  // say.
  constexpr std::array kWords = {"HTTP response code: 5", "HTTP response code: 429",
                                 "HTTP response code: 408", "curlCode",
                                 "Failed to flush response stream"};
  return std::ranges::any_of(kWords, [&](const char* part) { return Mentions(message, part); });
}

}  // namespace weir::iceberg
