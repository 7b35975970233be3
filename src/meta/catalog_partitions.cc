#include <algorithm>

#include "base/log.h"
#include "meta/auto_partition.h"
#include "meta/catalog.h"
#include "meta/catalog_records.h"
#include "record/partition_name.h"

namespace weir {

namespace {

Status CheckPartitioned(const TableInfo& table) {
  if (table.is_partitioned()) return {};
  return Fail(ErrorCode::kTableNotPartitioned, "table '{}' is not partitioned",
              table.path.ToString());
}

/// The value for each partition key that the spec names, in key order; keys it does not name stay
/// empty.
Result<std::vector<std::optional<std::string>>> ValuesByKey(const TableInfo& table,
                                                            const PartitionSpec& spec) {
  const auto& keys = table.descriptor.partition_keys;
  std::vector<std::optional<std::string>> values(keys.size());
  for (const auto& [key, value] : spec) {
    const auto found = std::ranges::find(keys, key);
    if (found == keys.end()) {
      return Fail(ErrorCode::kPartitionSpecInvalid, "'{}' is not a partition key of table '{}'",
                  key, table.path.ToString());
    }
    auto& slot = values[static_cast<size_t>(found - keys.begin())];
    if (slot)
      return Fail(ErrorCode::kPartitionSpecInvalid, "partition key '{}' is given twice", key);
    slot = value;
  }
  return values;
}

/// The complete value list of a spec.
Result<std::vector<std::string>> AllValues(const TableInfo& table, const PartitionSpec& spec) {
  RETURN_IF_ERROR(CheckPartitioned(table));
  ASSIGN_OR_RETURN(const auto values, ValuesByKey(table, spec));
  std::vector<std::string> out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) {
      return Fail(ErrorCode::kPartitionSpecInvalid,
                  "the partition spec does not name partition key '{}' of table '{}'",
                  table.descriptor.partition_keys[i], table.path.ToString());
    }
    RETURN_IF_ERROR(CheckName("partition value", *values[i], ErrorCode::kPartitionSpecInvalid));
    out.push_back(*values[i]);
  }
  return out;
}

}  // namespace

Result<std::string> PartitionNameOf(const TableInfo& table, const PartitionSpec& spec) {
  ASSIGN_OR_RETURN(const std::vector<std::string> values, AllValues(table, spec));
  return JoinPartitionName(values);
}

Result<std::vector<PartitionInfo>> MatchingPartitions(const TableInfo& table,
                                                      const PartitionSpec& partial) {
  RETURN_IF_ERROR(CheckPartitioned(table));
  ASSIGN_OR_RETURN(const auto wanted, ValuesByKey(table, partial));
  std::vector<PartitionInfo> out;
  for (const auto& [name, partition] : table.partitions) {
    const std::vector<std::string> values = SplitPartitionName(name);
    bool matches = values.size() == wanted.size() || partial.empty();
    for (size_t i = 0; matches && i < wanted.size(); ++i)
      matches = !wanted[i] || values[i] == *wanted[i];
    if (matches) out.push_back(partition);
  }
  return out;
}

Status Catalog::AddPartitions(TableInfo& table, const std::vector<std::string>& names,
                              Transaction& transaction) {
  if (names.empty()) return {};
  if (table.partitions.size() + names.size() > static_cast<size_t>(options_.partitions_max)) {
    return Fail(ErrorCode::kPartitionMaxNum, "too many partitions for table '{}': max={}",
                table.path.ToString(), options_.partitions_max);
  }
  int64_t id = Take(records::kNextPartition, next_partition_, static_cast<int64_t>(names.size()),
                    transaction);
  for (const std::string& name : names) {
    PartitionInfo partition{.id = PartitionId{id++}, .name = name, .created_ms = clock_.NowMs()};
    transaction.Put(records::PartitionKey(table.id, partition.id), records::ToRecord(partition));
    table.partitions.emplace(name, std::move(partition));
  }
  return {};
}

Result<PartitionInfo> Catalog::CreatePartition(const TablePath& path, const PartitionSpec& spec,
                                               IfExists if_exists) {
  const std::lock_guard lock(changes_);
  ASSIGN_OR_RETURN(const TableRef table, GetTable(path));
  ASSIGN_OR_RETURN(const std::vector<std::string> values, AllValues(*table, spec));
  for (const std::string& value : values) {
    RETURN_IF_ERROR(CheckNewName("partition value", value, ErrorCode::kPartitionSpecInvalid));
  }
  RETURN_IF_ERROR(CheckPartitionTime(table->config.auto_partition,
                                     values[AutoPartitionKeyIndex(*table)], clock_.NowMs()));
  const std::string name = JoinPartitionName(values);
  const auto existing = table->partitions.find(name);
  if (existing != table->partitions.end()) {
    if (if_exists == IfExists::kIgnore) return existing->second;
    return Fail(ErrorCode::kPartitionAlreadyExists, "partition '{}' of table '{}' already exists",
                name, path.ToString());
  }
  TableInfo changed = *table;
  Transaction transaction;
  RETURN_IF_ERROR(AddPartitions(changed, {name}, transaction));
  RETURN_IF_ERROR(store_->Commit(transaction));
  return index_.PutTable(std::move(changed))->partitions.at(name);
}

Status Catalog::RemovePartitions(const TableRef& table, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  TableInfo changed = *table;
  Transaction transaction;
  for (const std::string& name : names) {
    transaction.Delete(records::PartitionKey(table->id, table->partitions.at(name).id));
    changed.partitions.erase(name);
  }
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.PutTable(std::move(changed));
  for (const std::string& name : names) {
    if (hooks_.partition_dropped) hooks_.partition_dropped(table, table->partitions.at(name));
  }
  return {};
}

Status Catalog::DropPartition(const TablePath& path, const PartitionSpec& spec,
                              IfNotExists if_not_exists) {
  const std::lock_guard lock(changes_);
  ASSIGN_OR_RETURN(const TableRef table, GetTable(path));
  ASSIGN_OR_RETURN(const std::string name, PartitionNameOf(*table, spec));
  if (!table->partitions.contains(name)) {
    if (if_not_exists == IfNotExists::kIgnore) return {};
    return Fail(ErrorCode::kPartitionNotExists, "partition '{}' of table '{}' does not exist", name,
                path.ToString());
  }
  return RemovePartitions(table, {name});
}

Status Catalog::RunAutoPartition(const TableRef& table, int64_t create_at_ms) {
  ASSIGN_OR_RETURN(const AutoPartitionPlan plan,
                   PlanAutoPartitions(*table, clock_.NowMs(), create_at_ms,
                                      static_cast<size_t>(options_.partitions_max)));
  RETURN_IF_ERROR(RemovePartitions(table, plan.drop));
  if (plan.create.empty()) return {};
  const TableRef present = FindTable(table->id);
  TableInfo changed = *present;
  Transaction transaction;
  RETURN_IF_ERROR(AddPartitions(changed, plan.create, transaction));
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.PutTable(std::move(changed));
  return {};
}

void Catalog::RunAutoPartitions() {
  for (const Status& status :
       {producer_offsets_->RemoveExpired(), snapshot_leases_->RemoveExpired()}) {
    if (!status.ok()) LogWarn("meta", "cannot forget what has expired: {}", status.error().message);
  }
  for (const TableRef& seen : Tables()) {
    if (!seen->config.auto_partition.enabled) continue;
    const std::lock_guard lock(changes_);
    const TableRef table = FindTable(seen->id);
    if (!table) continue;
    const bool daily = table->config.auto_partition.unit == PartitionTimeUnit::kDay;
    const int64_t delay = daily ? DailyPartitionDelayMs(table->id) : 0;
    const Status status = RunAutoPartition(table, clock_.NowMs() - delay);
    if (!status.ok())
      LogWarn("meta", "auto partitions of {}: {}", table->path.ToString(), status.error().message);
  }
}

}  // namespace weir
