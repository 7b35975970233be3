// The catalog in memory: who is called what, and which table has which id and partition. Readers
// share a lock for the time of a look-up and leave with a reference; only the catalog writes.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/table_info.h"

namespace weir {

class CatalogIndex {
 public:
  DatabaseRef FindDatabase(std::string_view name) const;
  TableRef FindTable(std::string_view database, std::string_view table) const;
  TableRef FindTable(TableId id) const;
  TableRef FindTableOfPartition(PartitionId id) const;
  std::vector<DatabaseRef> Databases() const;
  /// By name; of one database, or null when there is no such database.
  std::optional<std::vector<TableRef>> Tables(std::string_view database) const;
  std::vector<TableRef> Tables() const;
  int32_t CountTables(std::string_view database) const;

  void PutDatabase(DatabaseInfo database);
  /// With all its tables.
  void RemoveDatabase(std::string_view name);
  /// Add the table or replace the snapshot of the same id; its database exists.
  TableRef PutTable(TableInfo table);
  void RemoveTable(const TableInfo& table);

 private:
  struct Database {
    DatabaseRef info;
    std::map<std::string, TableRef, std::less<>> tables;
  };
  void Forget(const TableInfo& table);

  mutable std::shared_mutex mutex_;
  std::map<std::string, Database, std::less<>> databases_;
  std::unordered_map<TableId, TableRef> tables_;
  std::unordered_map<PartitionId, TableId> partitions_;
};

}  // namespace weir
