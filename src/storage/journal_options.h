// How large the shared journal is.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/options.h"

namespace weir {

struct JournalOptions {
  int64_t file_bytes = 64 * MiB;
  int64_t first_file_bytes = 1 * MiB;  // a fresh start must not wait for zeroes
  int32_t files_max = 8;               // more are not made; Write then fails until one is released
};

inline constexpr std::array kJournalOptions = {
    Option<JournalOptions>{"journal.file-size", &JournalOptions::file_bytes, 1 * MiB, 1 * GiB,
                           kRestart, "Size of one file of the shared journal."},
    Option<JournalOptions>{
        "journal.files-max", &JournalOptions::files_max, 3, 64, kRestart,
        "Most files of the shared journal; writes fail when segments are not synced fast enough."},
};

}  // namespace weir
