// What all KV tablets of a process share: the memory bound of the hot rows, RocksDB's cache and threads, a
// thread pool for write-backs, and the way to the catalog for auto-increment numbers. Made once by
// server/main.cc, outlives every tablet.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class HotMemory;
class KvEngineShared;

/// Numbers [first, last] of an auto-increment column, never handed out twice by the catalog.
struct IdRange {
  int64_t first = 1;
  int64_t last = 0;
};

struct KvOptions {
  int64_t hot_rows_bytes_max = 512LL << 20;     // memory of all hot indexes together
  int64_t block_cache_bytes = 64LL << 20;       // RocksDB's shared block cache
  int64_t write_back_log_bytes = 256LL << 20;   // write a bucket back when this much of its log is not yet
  int64_t scan_idle_ms = 10 * 60 * 1000;        // a SCAN_KV session without a call expires
  int32_t scans_per_bucket_max = 8;
  int32_t scans_max = 200;
};

class KvEnvironment {
 public:
  /// Run something that blocks on another thread. Never runs it inline.
  using Background = std::function<void(std::function<void()>)>;
  /// Take the next `count` numbers for the auto-increment column of `table`. Thread-safe; may fsync.
  using AllocateIds = std::function<Result<IdRange>(TableId table, int64_t count)>;

  KvEnvironment(const KvOptions& options, Background background, AllocateIds allocate_ids,
                const Clock& clock = SystemClock());
  ~KvEnvironment();

  const KvOptions options;
  const Background background;
  const AllocateIds allocate_ids;
  const Clock& clock;
  const std::unique_ptr<HotMemory> hot_memory;
  const std::unique_ptr<KvEngineShared> engine_shared;
  std::atomic<int32_t> open_scans = 0;
};

}  // namespace weir
