// When a request to the object store is tried again, and after how long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "lake/file_io_options.h"

namespace weir::iceberg {

/// The wait before retry number `attempt` (0 = the first): doubles from backoff_min up to backoff_max; half of it is
/// random (`random` in [0, 1)), so that many clients do not come back together.
int64_t RetryWaitMs(const FileIoOptions& options, int64_t attempt, double random);

/// Whether retry number `attempt` still fits attempts_max and retry_time_max.
bool MayRetry(const FileIoOptions& options, int64_t attempt);

/// Waits between tries, which Close() ends. Thread-safe.
class RetryGate {
 public:
  /// False: it was closed, before or meanwhile.
  bool Wait(std::chrono::milliseconds time);
  void Close();
  bool closed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable close_;
  bool closed_ = false;
};

/// Whether an error is of the kind that passes: a 5xx, a time-out, a broken connection, throttling. A refused
/// credential or a missing bucket is not. `name` and `message` are the object store's words.
bool PassesByItself(std::string_view name, std::string_view message);

}  // namespace weir::iceberg
