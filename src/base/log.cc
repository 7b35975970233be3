#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>

namespace weir {
namespace {

std::atomic<LogLevel> g_level = LogLevel::kInfo;

constexpr const char* kNames[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }

bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void LogLine(LogLevel level, std::string_view module, std::string_view text) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc;
  gmtime_r(&now.tv_sec, &utc);
  char when[32];
  strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string line = fmt::format("{}.{:03}Z {} {}: {}\n", when, now.tv_nsec / 1'000'000,
                                       kNames[static_cast<int>(level)], module, text);
  // A lost log line is not worth stopping for.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace weir
