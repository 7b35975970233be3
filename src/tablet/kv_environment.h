// What all KV tablets of a process share: the memory bound of the hot rows, RocksDB's cache and threads, a
// thread pool for write-backs, and the way to the catalog for auto-increment numbers. Made once by
// server/main.cc, outlives every tablet.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "tablet/id_sequence.h"

namespace weir {

class FileSystem;
class HotMemory;
class KvEngineShared;
class KvRules;
struct TableInfo;

struct KvOptions {
  int64_t hot_rows_bytes_max = 512LL << 20;     // memory of all hot indexes together
  int64_t block_cache_bytes = 64LL << 20;       // RocksDB's shared block cache
  int64_t write_back_log_bytes = 128LL << 20;   // write a bucket back when this much of its log is not yet
  int64_t write_back_age_ms = 3600 * 1000;      // or when it was not for this long: retention waits for it
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

  KvEnvironment(const KvOptions& options, FileSystem& files, Background background, AllocateIds allocate_ids,
                const Clock& clock = SystemClock());
  ~KvEnvironment();

  /// The prepared rules of a table, shared by the buckets that have the same version of it. Thread-safe.
  /// Errors  as KvRules::Make
  Result<std::shared_ptr<const KvRules>> RulesOf(const std::shared_ptr<const TableInfo>& table);

  const KvOptions options;
  FileSystem& files;
  const Background background;
  const AllocateIds allocate_ids;
  const Clock& clock;
  const std::unique_ptr<HotMemory> hot_memory;
  const std::unique_ptr<KvEngineShared> engine_shared;
  std::atomic<int32_t> open_scans = 0;

 private:
  std::mutex mutex_;
  std::unordered_map<const TableInfo*, std::weak_ptr<const KvRules>> rules_;
};

}  // namespace weir
