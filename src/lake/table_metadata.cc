#include "lake/table_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/check.h"

namespace weir::iceberg {
namespace {

template <class List, class Id, class Project>
auto* FindById(List& list, const Id& id, Project project) {
  const auto found = std::ranges::find(list, id, project);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Schema& TableMetadata::current_schema() const {
  const Schema* schema = FindSchema(current_schema_id);
  WEIR_CHECK(schema != nullptr);
  return *schema;
}

const PartitionSpec& TableMetadata::default_spec() const {
  const PartitionSpec* spec = FindSpec(default_spec_id);
  WEIR_CHECK(spec != nullptr);
  return *spec;
}

const SortOrder& TableMetadata::default_sort_order() const {
  const SortOrder* order = FindSortOrder(default_sort_order_id);
  WEIR_CHECK(order != nullptr);
  return *order;
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Schema* TableMetadata::FindSchema(int32_t schema_id) const {
  return FindById(schemas, schema_id, &Schema::schema_id);
}
const PartitionSpec* TableMetadata::FindSpec(int32_t spec_id) const {
  return FindById(partition_specs, spec_id, &PartitionSpec::spec_id);
}
const SortOrder* TableMetadata::FindSortOrder(int32_t order_id) const {
  return FindById(sort_orders, order_id, &SortOrder::order_id);
}
const Snapshot* TableMetadata::FindSnapshot(int64_t snapshot_id) const {
  return FindById(snapshots, snapshot_id, &Snapshot::snapshot_id);
}

bool TableMetadata::StandsOn(int64_t snapshot_id) const {
  std::optional<int64_t> id = current_snapshot_id;
  for (size_t steps = 0; id && steps <= snapshots.size(); ++steps) {
    if (*id == snapshot_id) return true;
    const Snapshot* const snapshot = FindSnapshot(*id);
    if (snapshot == nullptr) return false;
    id = snapshot->parent_snapshot_id;
  }
  return false;
}

const Snapshot* TableMetadata::FindRef(std::string_view name) const {
  const auto found = refs.find(name);
  return found == refs.end() ? nullptr : FindSnapshot(found->second.snapshot_id);
}

const Snapshot* TableMetadata::SnapshotAsOf(int64_t timestamp_ms) const {
  const Snapshot* out = nullptr;
  for (const SnapshotLogEntry& entry : snapshot_log) {
    if (entry.timestamp_ms > timestamp_ms) break;
    if (const Snapshot* snapshot = FindSnapshot(entry.snapshot_id)) out = snapshot;
  }
  return out;
}

const Schema& TableMetadata::SchemaOf(const Snapshot& snapshot) const {
  const Schema* schema = snapshot.schema_id ? FindSchema(*snapshot.schema_id) : nullptr;
  return schema == nullptr ? current_schema() : *schema;
}

std::string_view TableMetadata::Property(std::string_view key, std::string_view otherwise) const {
  const auto found = properties.find(key);
  return found == properties.end() ? otherwise : std::string_view(found->second);
}

}  // namespace weir::iceberg
