// The server's log: one line per event on stderr.
//   2026-11-22T10:00:00.123Z INFO  tablet: recovered bucket=3.p7.0 end_offset=120 truncated_bytes=17
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace weir {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// Lines below `level` are dropped. Thread-safe.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

/// Write one line. Thread-safe; one write(2) per line.
void LogLine(LogLevel level, std::string_view module, std::string_view text);

template <class... A>
void Log(LogLevel level, std::string_view module, fmt::format_string<A...> text, A&&... args) {
  if (LogEnabled(level)) LogLine(level, module, fmt::format(text, std::forward<A>(args)...));
}
template <class... A>
void LogInfo(std::string_view module, fmt::format_string<A...> text, A&&... args) {
  Log(LogLevel::kInfo, module, text, std::forward<A>(args)...);
}
template <class... A>
void LogWarn(std::string_view module, fmt::format_string<A...> text, A&&... args) {
  Log(LogLevel::kWarn, module, text, std::forward<A>(args)...);
}
template <class... A>
void LogError(std::string_view module, fmt::format_string<A...> text, A&&... args) {
  Log(LogLevel::kError, module, text, std::forward<A>(args)...);
}

}  // namespace weir
