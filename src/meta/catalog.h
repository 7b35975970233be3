// What exists: databases, tables with every version of their schema, partitions; and the numbers that must
// never be given out twice. Kept in memory, every change written to the Store before it is visible.
//
// Thread: any. Readers take a snapshot (TableRef, DatabaseRef) and never wait for the disk; changes are made
// one after another and block until they are durable, so they belong on the blocking pool.
// Durable: what a change returned successfully survives a crash; it happened entirely or not at all.
// Source: Fluss 545c5539 MetadataManager, CoordinatorService, AutoPartitionManager.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "meta/catalog_options.h"
#include "meta/table_changes.h"
#include "meta/table_info.h"

namespace weir {

class FileSystem;

/// What to do when the thing to create is there already, or the thing to drop or alter is not.
enum class IfExists : uint8_t { kFail, kIgnore };
enum class IfNotExists : uint8_t { kFail, kIgnore };
enum class DropTables : uint8_t { kNo, kCascade };

/// Key and value for each named partition key, in the order the client sent them.
using PartitionSpec = std::vector<std::pair<std::string, std::string>>;

/// Called after a change is durable and visible, on the thread that made it, one at a time. A drop must reach
/// the tablets: their data is garbage from now on. After a crash between the two, the tablets find data of
/// tables the catalog does not know, and drop that.
struct CatalogHooks {
  std::function<void(const TableRef& table)> table_dropped;
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
                                               const CatalogOptions& options, const Clock& clock = SystemClock());
  virtual ~Catalog();

  /// Before any change; not thread-safe.
  virtual void SetHooks(CatalogHooks hooks) = 0;

  // ---- Reading ----------------------------------------------------------------------------------------

  /// Null when there is none.
  virtual DatabaseRef FindDatabase(std::string_view name) const = 0;
  virtual TableRef FindTable(const TablePath& path) const = 0;
  virtual TableRef FindTable(TableId id) const = 0;
  /// The table that has the partition, or null.
  virtual TableRef FindTableOfPartition(PartitionId id) const = 0;

  /// Errors  kDatabaseNotExist
  Result<DatabaseRef> GetDatabase(std::string_view name) const;
  /// Errors  kTableNotExist
  Result<TableRef> GetTable(const TablePath& path) const;
  Result<TableRef> GetTable(TableId id) const;

  /// By name.
  virtual std::vector<DatabaseRef> Databases() const = 0;
  /// Errors  kDatabaseNotExist
  virtual Result<std::vector<TableRef>> Tables(std::string_view database) const = 0;
  /// Of all databases.
  virtual std::vector<TableRef> Tables() const = 0;

  // ---- Databases --------------------------------------------------------------------------------------

  /// Errors  kInvalidDatabase  a bad name;  kDatabaseAlreadyExist
  virtual Status CreateDatabase(const std::string& name, const DatabaseDescriptor& descriptor, IfExists if_exists) = 0;
  /// Errors  kDatabaseNotExist, kInvalidConfig
  virtual Status AlterDatabase(const std::string& name, const DatabaseChange& change, IfNotExists if_not_exists) = 0;
  /// Errors  kDatabaseNotExist; kDatabaseNotEmpty without kCascade; kInvalidDatabase for the built-in `fluss`
  virtual Status DropDatabase(const std::string& name, DropTables tables, IfNotExists if_not_exists) = 0;

  // ---- Tables -----------------------------------------------------------------------------------------

  /// Fill in the defaults, check every rule (table_validation.h) and create. For a table with automatic
  /// partitions the first ones are made with it.
  /// Errors  kDatabaseNotExist, kTableAlreadyExist, kInvalidTable, kInvalidConfig, kBucketMaxNum,
  ///         kInvalidReplicationFactor
  virtual Result<TableRef> CreateTable(const TablePath& path, TableDescriptor descriptor, IfExists if_exists) = 0;
  /// Errors  kTableNotExist, kInvalidAlterTable, kInvalidTable, kInvalidConfig
  virtual Status AlterTable(const TablePath& path, const TableChanges& changes, IfNotExists if_not_exists) = 0;
  /// Errors  kTableNotExist
  virtual Status DropTable(const TablePath& path, IfNotExists if_not_exists) = 0;

  // ---- Partitions -------------------------------------------------------------------------------------

  /// Errors  kTableNotExist, kTableNotPartitioned, kPartitionSpecInvalid, kPartitionAlreadyExists,
  ///         kPartitionMaxNum, kBucketMaxNum
  virtual Result<PartitionInfo> CreatePartition(const TablePath& path, const PartitionSpec& spec,
                                                IfExists if_exists) = 0;
  /// Errors  kTableNotExist, kTableNotPartitioned, kPartitionSpecInvalid, kPartitionNotExists
  virtual Status DropPartition(const TablePath& path, const PartitionSpec& spec, IfNotExists if_not_exists) = 0;
  /// Create the automatic partitions that are due now and drop those past their retention, in all tables.
  /// Called by a timer every `auto-partition.check.interval`.
  virtual void RunAutoPartitions() = 0;

  // ---- Numbers ----------------------------------------------------------------------------------------

  /// A writer id never given out before. Mostly from memory.
  virtual Result<int64_t> NewWriterId() = 0;
  /// The next `count` numbers of the table's auto-increment column; the first ever is 1.
  /// Errors  kTableNotExist
  virtual Result<IdBlock> NewAutoIncrementIds(TableId table, int64_t count) = 0;

 protected:
  Catalog() = default;
};

/// The partitions of `table` that match a partial spec (every named key equal), by name.
/// Errors  kTableNotPartitioned, kPartitionSpecInvalid  a name that is not a partition key, or twice
Result<std::vector<PartitionInfo>> MatchingPartitions(const TableInfo& table, const PartitionSpec& partial);

/// The name of the partition that `spec` names completely.
/// Errors  kTableNotPartitioned, kPartitionSpecInvalid
Result<std::string> PartitionNameOf(const TableInfo& table, const PartitionSpec& spec);

}  // namespace weir
