#include "tablet/kv_environment.h"

#include <algorithm>
#include <utility>

#include "base/machine.h"
#include "storage/kv/engine.h"
#include "storage/kv/hot_memory.h"
#include "storage/kv/open_stores.h"
#include "tablet/kv_rules.h"

namespace weir {
namespace {

// An engine may open up to 64 files; all of them together at most a quarter of `ulimit -n`.
constexpr int64_t kFilesPerEngine = 64;

size_t OpenEnginesMax(const KvOptions& options) {
  const int64_t affordable = OpenFileLimit() / 4 / kFilesPerEngine;
  return static_cast<size_t>(std::clamp<int64_t>(affordable, 1, options.open_engines_max));
}

}  // namespace

struct KvEnvironment::MemoryMetrics : MetricGroup {
  MemoryMetrics(MetricRegistry& registry, const HotMemory& memory, const KvOpenStores& stores)
      : MetricGroup(registry),
        hot_rows_bytes(*this, "kv_hot_rows_bytes", "Memory that hot rows take.",
                       [&memory] { return static_cast<double>(memory.used()); }),
        open_engines(*this, "kv_open_engines", "Buckets whose cold rows are open on disk.",
                     [&stores] { return static_cast<double>(stores.count()); }) {}
  ProbeGauge hot_rows_bytes;
  ProbeGauge open_engines;
};

KvEnvironment::KvEnvironment(const KvOptions& opts, FileSystem& file_system,
                             MetricRegistry& registry, Background run_in_background,
                             AllocateIds take_ids, const Clock& the_clock)
    : options(opts),
      files(file_system),
      run_write_back(std::move(run_in_background)),
      allocate_ids(std::move(take_ids)),
      clock(the_clock),
      hot_memory(std::make_unique<HotMemory>(opts.hot_rows_bytes_max)),
      engine_shared(std::make_unique<KvEngineShared>(opts.block_cache_bytes)),
      open_stores(std::make_unique<KvOpenStores>(OpenEnginesMax(opts))),
      metrics(registry),
      memory_metrics_(std::make_unique<MemoryMetrics>(registry, *hot_memory, *open_stores)) {}

KvEnvironment::~KvEnvironment() = default;

Result<std::shared_ptr<const KvRules>> KvEnvironment::RulesOf(
    const std::shared_ptr<const TableInfo>& table) {
  const std::lock_guard lock(mutex_);
  // Rules hold their table, so a pointer found here cannot belong to another, later table.
  if (auto found = rules_[table.get()].lock()) return found;
  std::erase_if(rules_, [](const auto& entry) { return entry.second.expired(); });
  ASSIGN_OR_RETURN(auto made, KvRules::Make(table));
  rules_[table.get()] = made;
  return made;
}

}  // namespace weir
