#include "meta/catalog_index.h"

#include <algorithm>
#include <mutex>

namespace weir {

DatabaseRef CatalogIndex::FindDatabase(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = databases_.find(name);
  return found == databases_.end() ? nullptr : found->second.info;
}

TableRef CatalogIndex::FindTable(std::string_view database, std::string_view table) const {
  const std::shared_lock lock(mutex_);
  const auto home = databases_.find(database);
  if (home == databases_.end()) return nullptr;
  const auto found = home->second.tables.find(table);
  return found == home->second.tables.end() ? nullptr : found->second;
}

TableRef CatalogIndex::FindTable(TableId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_.find(id);
  return found == tables_.end() ? nullptr : found->second;
}

TableRef CatalogIndex::FindTableOfPartition(PartitionId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = partitions_.find(id);
  return found == partitions_.end() ? nullptr : tables_.at(found->second);
}

std::vector<DatabaseRef> CatalogIndex::Databases() const {
  const std::shared_lock lock(mutex_);
  std::vector<DatabaseRef> out;
  for (const auto& [name, database] : databases_) out.push_back(database.info);
  return out;
}

std::optional<std::vector<TableRef>> CatalogIndex::Tables(std::string_view database) const {
  const std::shared_lock lock(mutex_);
  const auto home = databases_.find(database);
  if (home == databases_.end()) return std::nullopt;
  std::vector<TableRef> out;
  for (const auto& [name, table] : home->second.tables) out.push_back(table);
  return out;
}

std::vector<TableRef> CatalogIndex::Tables() const {
  const std::shared_lock lock(mutex_);
  std::vector<TableRef> out;
  for (const auto& [name, database] : databases_) {
    for (const auto& [table_name, table] : database.tables) out.push_back(table);
  }
  return out;
}

int32_t CatalogIndex::CountTables(std::string_view database) const {
  const std::shared_lock lock(mutex_);
  const auto home = databases_.find(database);
  return home == databases_.end() ? 0 : static_cast<int32_t>(home->second.tables.size());
}

void CatalogIndex::PutDatabase(DatabaseInfo database) {
  auto ref = std::make_shared<const DatabaseInfo>(std::move(database));
  const std::unique_lock lock(mutex_);
  databases_[ref->name].info = std::move(ref);
}

void CatalogIndex::RemoveDatabase(std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto found = databases_.find(name);
  if (found == databases_.end()) return;
  for (const auto& [table_name, table] : found->second.tables) Forget(*table);
  databases_.erase(found);
}

TableRef CatalogIndex::PutTable(TableInfo table) {
  auto ref = std::make_shared<const TableInfo>(std::move(table));
  const std::unique_lock lock(mutex_);
  const auto old = tables_.find(ref->id);
  if (old != tables_.end()) Forget(*old->second);
  tables_[ref->id] = ref;
  for (const auto& [name, partition] : ref->partitions) partitions_[partition.id] = ref->id;
  databases_.find(ref->path.database)->second.tables[ref->path.table] = ref;
  return ref;
}

void CatalogIndex::RemoveTable(const TableInfo& table) {
  const std::unique_lock lock(mutex_);
  databases_.find(table.path.database)->second.tables.erase(table.path.table);
  Forget(table);
}

/// Take the ids out; the names are the caller's business.
void CatalogIndex::Forget(const TableInfo& table) {
  for (const auto& [name, partition] : table.partitions) partitions_.erase(partition.id);
  const TableId id = table.id;
  tables_.erase(id);
}

}  // namespace weir
