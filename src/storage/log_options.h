// How bucket logs are cut into files. Keys and defaults of the server-wide options are Fluss' own.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weir {

struct LogOptions {
  int64_t segment_bytes = 1 * GiB;         // roll before the active segment would pass this
  int64_t index_interval_bytes = 4 * KiB;  // one offset-index entry about every this many log bytes
  int64_t preallocate_bytes = 16 * MiB;    // grow a busy segment's space in steps of this; small ones double
  int64_t writer_expiration_ms = 7LL * 24 * 3600 * 1000;  // forget an idle writer after this much log time
};

}  // namespace weir
