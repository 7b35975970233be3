// Clients refused for want of the right credentials, in the server's log: some try again for ever and show nothing
// of it (a Flink job that restarts), and who guesses passwords should be seen. However many there are, few lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace weir {

/// One for each way into the server. Thread-safe.
class RefusalLog {
 public:
  static constexpr std::chrono::seconds kInterval{10};  // between two lines

  explicit RefusalLog(std::string_view module, const Clock& clock = SystemClock())
      : module_(module), clock_(clock) {}

  /// One more; `request` names what was asked for, `why` is what the client was told.
  void Note(std::string_view peer, std::string_view request, std::string_view why);

  /// Count one more. How many since the last line had none; nothing when this one gets none either.
  std::optional<int64_t> Take();

 private:
  const std::string_view module_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<int64_t> last_line_us_;
  int64_t untold_ = 0;
};

}  // namespace weir
