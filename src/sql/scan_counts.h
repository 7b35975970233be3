// What a scan read, for EXPLAIN ANALYZE. Counted by the threads of a query, looked at when it is done.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

/// A part of a table that was read.
struct ScanCounts {
  std::atomic<int64_t> hot_rows = 0;  // from logs and KV states
  std::atomic<int64_t> hot_bytes = 0;
  std::atomic<int64_t> cold_rows = 0;   // from files of the lake
  std::atomic<int64_t> cold_bytes = 0;  // of the files opened, whole
  std::atomic<int64_t> files = 0;
  int64_t files_skipped = 0;      // by partition values and bounds
  int64_t manifests_skipped = 0;  // each may stand for many files
};

}  // namespace weir
