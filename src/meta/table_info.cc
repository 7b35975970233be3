#include "meta/table_info.h"

#include <algorithm>

namespace weir {

std::vector<std::string> TableInfo::PhysicalPrimaryKey() const {
  std::vector<std::string> key;
  for (const std::string& name : schema().primary_key()) {
    if (std::ranges::find(descriptor.partition_keys, name) == descriptor.partition_keys.end())
      key.push_back(name);
  }
  return key;
}

std::shared_ptr<const Schema> TableInfo::FindSchema(SchemaId id) const {
  const auto found = schemas.find(id);
  return found == schemas.end() ? nullptr : found->second;
}

const PartitionInfo* TableInfo::FindPartition(PartitionId id) const {
  const auto found =
      std::ranges::find(partitions, id, [](const auto& entry) { return entry.second.id; });
  return found == partitions.end() ? nullptr : &found->second;
}

}  // namespace weir
