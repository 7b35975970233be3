// What exists: databases, tables with every version of their schema, partitions; and the numbers
// that must never be given out twice. Kept in memory, every change written to the Store before it
// is visible.
//
// Thread: any. Readers take a snapshot (TableRef, DatabaseRef) and never wait for the disk; changes
// are made one after another and block until they are durable, so they belong on the blocking pool.
// Durable: what a change returned successfully survives a crash; it happened entirely or not at
// all. Source: Fluss 545c5539 MetadataManager, CoordinatorService, AutoPartitionManager.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "meta/catalog_index.h"
#include "meta/catalog_options.h"
#include "meta/cluster_configs.h"
#include "meta/lake_snapshots.h"
#include "meta/producer_offsets.h"
#include "meta/server_tags.h"
#include "meta/snapshot_leases.h"
#include "meta/store.h"
#include "meta/table_changes.h"
#include "meta/table_info.h"

namespace weir {

class FileSystem;

/// Always there and cannot be dropped: Flink's default.
inline constexpr std::string_view kBuiltInDatabase = "fluss";

/// What to do when the thing to create is there already, or the thing to drop or alter is not.
enum class IfExists : uint8_t { kFail, kIgnore };
enum class IfNotExists : uint8_t { kFail, kIgnore };
enum class DropTables : uint8_t { kNo, kCascade };

/// Key and value for each named partition key, in the order the client sent them.
using PartitionSpec = std::vector<std::pair<std::string, std::string>>;

/// Called after a change is durable and visible, on the thread that made it, one at a time; must
/// not change the catalog. A drop must reach the tablets: their data is garbage from now on. After
/// a crash between the two, the tablets find data of tables the catalog does not know, and drop
/// that.
struct CatalogHooks {
  /// Asked before the change; must be quick and may refuse: the lake table would clash or cannot be expressed.
  std::function<Status(const TableInfo& table)> may_create_table;
  std::function<Status(const TableInfo& table)> may_alter_table;
  /// Not under the catalog's lock; the client waits for it.
  std::function<void(const TableRef& table)> table_created;
  std::function<void(const TableRef& table)> table_dropped;
  /// After table_dropped for each of its tables.
  std::function<void()> database_dropped;
  std::function<void(const TableRef& table, const PartitionInfo& partition)> partition_dropped;
  std::function<void(const TableRef& table)> table_changed;
};

/// Numbers first .. first + count - 1.
struct IdBlock {
  int64_t first = 0;
  int64_t count = 0;
};

class Catalog {
 public:
  /// Open or create the catalog in `directory`.
  /// Errors  kStorage  the store cannot be read or is of a newer format; names the file
  static Result<std::unique_ptr<Catalog>> Open(FileSystem& files, const std::string& directory,
                                               const CatalogOptions& options,
                                               const Clock& clock = SystemClock());
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Before any change; not thread-safe.
  void SetHooks(CatalogHooks hooks) { hooks_ = std::move(hooks); }

  const CatalogOptions& options() const { return options_; }

  // Reading.

  /// Null when there is none.
  DatabaseRef FindDatabase(std::string_view name) const { return index_.FindDatabase(name); }
  TableRef FindTable(const TablePath& path) const {
    return index_.FindTable(path.database, path.table);
  }
  TableRef FindTable(std::string_view database, std::string_view table) const {
    return index_.FindTable(database, table);
  }
  TableRef FindTable(TableId id) const { return index_.FindTable(id); }
  /// Numbers below were given out, though their tables and partitions may be dropped. Before any change.
  TableId next_table() const { return TableId(next_table_); }
  PartitionId next_partition() const { return PartitionId(next_partition_); }
  /// The table that has the partition, or null.
  TableRef FindTableOfPartition(PartitionId id) const { return index_.FindTableOfPartition(id); }

  /// Errors  kDatabaseNotExist
  Result<DatabaseRef> GetDatabase(std::string_view name) const;
  /// Errors  kTableNotExist
  Result<TableRef> GetTable(const TablePath& path) const;
  Result<TableRef> GetTable(TableId id) const;

  /// By name.
  std::vector<DatabaseRef> Databases() const { return index_.Databases(); }
  /// Errors  kDatabaseNotExist
  Result<std::vector<TableRef>> Tables(std::string_view database) const;
  /// Of all databases.
  std::vector<TableRef> Tables() const { return index_.Tables(); }
  int32_t CountTables(std::string_view database) const { return index_.CountTables(database); }

  /// The store everything is kept in, for what changes together with it: the lake's catalog, covered offsets.
  Store& store() { return *store_; }
  /// A change failed that the next start may carry out nevertheless (meta/store.h).
  const std::atomic<bool>& undecided() const { return store_->undecided(); }

  // Smaller things kept in the same store.

  ProducerOffsets& producer_offsets() { return *producer_offsets_; }
  SnapshotLeases& snapshot_leases() { return *snapshot_leases_; }
  ClusterConfigs& cluster_configs() { return *cluster_configs_; }
  ServerTags& server_tags() { return *server_tags_; }
  LakeSnapshots& lake_snapshots() { return *lake_snapshots_; }

  // Databases.

  /// Errors  kInvalidDatabase  a bad name;  kDatabaseAlreadyExist
  Status CreateDatabase(const std::string& name, const DatabaseDescriptor& descriptor,
                        IfExists if_exists);
  /// Errors  kDatabaseNotExist, kInvalidConfig
  Status AlterDatabase(const std::string& name, const DatabaseChange& change,
                       IfNotExists if_not_exists);
  /// Errors  kDatabaseNotExist; kDatabaseNotEmpty without kCascade; kInvalidDatabase for the
  /// built-in `fluss`
  Status DropDatabase(const std::string& name, DropTables tables, IfNotExists if_not_exists);

  // Tables.

  /// Fill in the defaults, check every rule (table_validation.h) and create. For a table with
  /// automatic partitions the first ones are made with it. Errors  kDatabaseNotExist,
  /// kTableAlreadyExist, kInvalidTable, kInvalidConfig, kBucketMaxNum,
  ///         kInvalidReplicationFactor
  Result<TableRef> CreateTable(const TablePath& path, TableDescriptor descriptor,
                               IfExists if_exists);
  /// Errors  kTableNotExist, kInvalidAlterTable, kInvalidTable, kInvalidConfig
  Status AlterTable(const TablePath& path, const TableChanges& changes, IfNotExists if_not_exists);
  /// Errors  kTableNotExist
  Status DropTable(const TablePath& path, IfNotExists if_not_exists);

  // Partitions.

  /// Errors  kTableNotExist, kTableNotPartitioned, kPartitionSpecInvalid, kPartitionAlreadyExists,
  ///         kPartitionMaxNum, kBucketMaxNum
  Result<PartitionInfo> CreatePartition(const TablePath& path, const PartitionSpec& spec,
                                        IfExists if_exists);
  /// Errors  kTableNotExist, kTableNotPartitioned, kPartitionSpecInvalid, kPartitionNotExists
  Status DropPartition(const TablePath& path, const PartitionSpec& spec, IfNotExists if_not_exists);
  /// Create the automatic partitions that are due now and drop those past their retention, in all
  /// tables; forget producer offsets and leases whose time is over. Called by a timer every
  /// `auto-partition.check.interval`.
  void RunAutoPartitions();

  // Numbers.

  /// A writer id never given out before. Mostly from memory.
  Result<int64_t> NewWriterId();
  /// The next `count` numbers of the table's auto-increment column; the first ever is 1.
  /// Errors  kTableNotExist
  Result<IdBlock> NewAutoIncrementIds(TableId table, int64_t count);

 private:
  Catalog(std::unique_ptr<Store> store, const CatalogOptions& options, const Clock& clock);

  Status Load();
  Status LoadTables();
  /// The next `count` ids of a kind; put into `transaction`, taken for good when that is committed.
  static int64_t Take(std::string_view key, int64_t& next, int64_t count, Transaction& transaction);
  /// Make partitions called `names` part of `table` and of `transaction`.
  /// Errors  kPartitionMaxNum
  Status AddPartitions(TableInfo& table, const std::vector<std::string>& names,
                       Transaction& transaction);
  Status RunAutoPartition(const TableRef& table, int64_t create_at_ms);
  Status RemovePartitions(const TableRef& table, const std::vector<std::string>& names);
  Result<TableInfo> Altered(const TableInfo& table, const TableChanges& changes,
                            Transaction& transaction) const;
  void DeleteRecords(const TableInfo& table, Transaction& transaction) const;

  const CatalogOptions options_;
  const Clock& clock_;
  const std::unique_ptr<Store> store_;
  CatalogHooks hooks_;
  CatalogIndex index_;

  std::mutex changes_;  // held for the whole of a change of databases, tables or partitions
  int64_t next_table_ = 1;
  int64_t next_partition_ = 1;

  std::mutex numbers_;  // guards what follows
  int64_t next_writer_ = 1;
  int64_t writers_reserved_ = 1;  // ids below are taken in the store

  std::unique_ptr<ProducerOffsets> producer_offsets_;
  std::unique_ptr<SnapshotLeases> snapshot_leases_;
  std::unique_ptr<ClusterConfigs> cluster_configs_;
  std::unique_ptr<ServerTags> server_tags_;
  std::unique_ptr<LakeSnapshots> lake_snapshots_;
};

/// The partitions of `table` that match a partial spec (every named key equal), by name.
/// Errors  kTableNotPartitioned, kPartitionSpecInvalid  a name that is not a partition key, or
/// twice
Result<std::vector<PartitionInfo>> MatchingPartitions(const TableInfo& table,
                                                      const PartitionSpec& partial);

/// The name of the partition that `spec` names completely.
/// Errors  kTableNotPartitioned, kPartitionSpecInvalid
Result<std::string> PartitionNameOf(const TableInfo& table, const PartitionSpec& spec);

/// Let `transaction` happen only while the table is there: what is known of a dropped table does not come back, however
/// late somebody writes it.
void NeedTable(TableId table, Transaction& transaction);

}  // namespace weir
