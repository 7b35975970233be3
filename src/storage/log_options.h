// How bucket logs are cut into files. Keys and defaults of the server-wide options are Fluss' own.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/options.h"

namespace weir {

struct LogOptions {
  int64_t segment_bytes = 1 * GiB;
  int64_t index_interval_bytes = 4 * KiB;
  int64_t preallocate_bytes =
      16 * MiB;  // grow a busy segment's space in steps of this; small ones double
  std::chrono::milliseconds writer_expiration = std::chrono::days(7);  // of log time
};

inline constexpr std::array kLogOptions = {
    Option<LogOptions>{"log.segment.file-size", &LogOptions::segment_bytes, 1 * MiB, 2 * GiB - 1,
                       kRestart,
                       "Roll to a new segment before the active one would pass this many bytes."},
    Option<LogOptions>{"log.index.interval-size", &LogOptions::index_interval_bytes, 512, 1 * MiB,
                       kRestart, "Add an offset-index entry about every this many log bytes."},
    Option<LogOptions>{"server.writer-id.expiration-time", &LogOptions::writer_expiration,
                       std::chrono::minutes(1), std::chrono::days(365), kRestart,
                       "Forget an idempotent writer that has sent nothing for this long."},
};

}  // namespace weir
