// Who fills the lake, and with how much of the machine.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/options.h"
#include "base/result.h"

namespace weir {

/// kInternal: this process. kExternal: Fluss' tiering job on Flink. kOff: nobody; tables keep their log.
enum class TieringMode : uint8_t { kInternal, kExternal, kOff };

/// Errors  kInvalidConfig  none of internal, external, off
Result<TieringMode> ParseTieringMode(std::string_view text);

struct TieringOptions {
  std::string mode = "internal";
  int32_t threads = 2;
  int64_t memory_bytes_max = 128 * MiB;
  int64_t file_bytes_target = 128 * MiB;
  std::chrono::milliseconds backoff_min{500};
  std::chrono::milliseconds backoff_max{60'000};
  int32_t snapshots_kept = 100;
};

inline constexpr std::array kTieringOptions = {
    Option<TieringOptions>{"lake.tiering", &TieringOptions::mode, kRestart,
                           "Who brings rows to the lake: internal (this server), external (the "
                           "tiering job of Fluss on Flink) or off."},
    Option<TieringOptions>{"lake.tiering.threads", &TieringOptions::threads, 1, 64, kRestart,
                           "Tables tiered side by side."},
    Option<TieringOptions>{"lake.tiering.memory-max", &TieringOptions::memory_bytes_max, 16 * MiB,
                           64 * GiB, kRestart,
                           "Memory that the rounds of tiering under way may take together."},
    Option<TieringOptions>{"lake.tiering.file-size", &TieringOptions::file_bytes_target, 64 * KiB,
                           8 * GiB, kRestart,
                           "Begin a new data file when one has about this many bytes."},
    Option<TieringOptions>{"lake.tiering.backoff-min", &TieringOptions::backoff_min,
                           std::chrono::milliseconds(1), std::chrono::minutes(10), kRestart,
                           "Wait after the first failed round of a table; doubles each time."},
    Option<TieringOptions>{"lake.tiering.backoff-max", &TieringOptions::backoff_max,
                           std::chrono::milliseconds(1), std::chrono::hours(1), kRestart,
                           "Longest wait after a failed round of a table."},
    Option<TieringOptions>{"lake.tiering.snapshots-kept", &TieringOptions::snapshots_kept, 1,
                           100'000, kRestart,
                           "Snapshots per table whose covered offsets the server remembers."},
};

}  // namespace weir
