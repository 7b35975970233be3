#include "tablet/kv_state.h"

#include <limits>

#include "tablet/log_tablet.h"

namespace weir {
namespace {

int64_t LargestId(const KvRules& rules) {
  const auto column = rules.auto_increment_column();
  return column && rules.schema().column(*column).type.kind == TypeKind::kInt
             ? std::numeric_limits<int32_t>::max()
             : std::numeric_limits<int64_t>::max();
}

}  // namespace

KvState::KvState(LogTablet& log_tablet, std::shared_ptr<const KvRules> table_rules,
                 TableBucket table_bucket, std::filesystem::path dir, KvEnvironment& env)
    : log(log_tablet),
      log_owner(log_tablet.shared_from_this()),
      bucket(table_bucket),
      environment(env),
      rules(std::move(table_rules)),
      index(*env.hot_memory,
            rules->has_prefix_lookup() ? HotIndex::Order::kByKey : HotIndex::Order::kNone),
      store(std::move(dir), *env.engine_shared, *env.open_stores, env.files),
      ids(
          [this] {
            return environment.allocate_ids(bucket.table,
                                            rules->config().auto_increment_cache_size);
          },
          LargestId(*rules)) {}

Result<const HotRow*> KvState::ReadStored(BytesView key, uint64_t hash) {
  environment.metrics.stored_reads.Add();
  ASSIGN_OR_RETURN(const auto engine, store.Engine());
  ASSIGN_OR_RETURN(const bool found, engine->Get(key, read_buffer));
  if (!found) return nullptr;
  return index.InsertClean(key, hash, read_buffer);
}

}  // namespace weir
