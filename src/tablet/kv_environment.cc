#include "tablet/kv_environment.h"

#include <utility>

#include "storage/kv/engine.h"
#include "storage/kv/hot_memory.h"
#include "tablet/kv_rules.h"

namespace weir {

struct KvEnvironment::MemoryMetrics : MetricGroup {
  MemoryMetrics(MetricRegistry& registry, const HotMemory& memory)
      : MetricGroup(registry),
        hot_rows_bytes(*this, "kv_hot_rows_bytes", "Memory that hot rows take.",
                       [&memory] { return static_cast<double>(memory.used()); }) {}
  ProbeGauge hot_rows_bytes;
};

KvEnvironment::KvEnvironment(const KvOptions& opts, FileSystem& file_system,
                             MetricRegistry& registry, Background run_in_background,
                             AllocateIds take_ids, const Clock& the_clock)
    : options(opts),
      files(file_system),
      background(std::move(run_in_background)),
      allocate_ids(std::move(take_ids)),
      clock(the_clock),
      hot_memory(std::make_unique<HotMemory>(opts.hot_rows_bytes_max)),
      engine_shared(std::make_unique<KvEngineShared>(opts.block_cache_bytes)),
      metrics(registry),
      memory_metrics_(std::make_unique<MemoryMetrics>(registry, *hot_memory)) {}

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
