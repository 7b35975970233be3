// What all KV tablets of a process share: the memory bound of the hot rows, RocksDB's cache and
// threads, the threads for write-backs, and the way to the catalog for auto-increment numbers.
// Made once by server/main.cc, outlives every tablet.
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
#include "tablet/kv_metrics.h"
#include "tablet/kv_options.h"

namespace weir {

class FileSystem;
class HotMemory;
class KvEngineShared;
class KvOpenStores;
class KvRules;
struct TableInfo;

class KvEnvironment {
 public:
  /// Run something that blocks on another thread. Never runs it inline. The threads must be for
  /// this alone: what else blocks (a DROP_TABLE) may wait for a write-back.
  using Background = std::function<void(std::function<void()>)>;
  /// Take the next `count` numbers for the auto-increment column of `table`. Thread-safe; may
  /// fsync.
  using AllocateIds = std::function<Result<IdRange>(TableId table, int64_t count)>;

  KvEnvironment(const KvOptions& options, FileSystem& files, MetricRegistry& metrics,
                Background background, AllocateIds allocate_ids,
                const Clock& clock = SystemClock());
  ~KvEnvironment();

  /// The prepared rules of a table, shared by the buckets that have the same version of it.
  /// Thread-safe. Errors  as KvRules::Make
  Result<std::shared_ptr<const KvRules>> RulesOf(const std::shared_ptr<const TableInfo>& table);

  const KvOptions options;
  FileSystem& files;
  const Background run_write_back;
  const AllocateIds allocate_ids;
  const Clock& clock;
  const std::unique_ptr<HotMemory> hot_memory;
  const std::unique_ptr<KvEngineShared> engine_shared;
  const std::unique_ptr<KvOpenStores> open_stores;
  std::atomic<int32_t> open_scans = 0;
  KvMetrics metrics;

 private:
  struct MemoryMetrics;
  const std::unique_ptr<MemoryMetrics> memory_metrics_;
  std::mutex mutex_;
  std::unordered_map<const TableInfo*, std::weak_ptr<const KvRules>> rules_;
};

}  // namespace weir
