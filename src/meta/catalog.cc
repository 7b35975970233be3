#include "meta/catalog.h"

#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "meta/auto_partition.h"
#include "meta/catalog_records.h"
#include "meta/table_validation.h"
#include "record/schema_json.h"

namespace weir {

namespace {

constexpr int64_t kWriterIdsPerCommit = 1000;

Result<int64_t> NumberOr(const Store& store, std::string_view key, int64_t fallback) {
  const auto record = store.Get(key);
  return record ? records::NumberFromRecord(*record) : fallback;
}

}  // namespace

Catalog::Catalog(std::unique_ptr<Store> store, const CatalogOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      store_(std::move(store)),
      producer_offsets_(
          std::make_unique<ProducerOffsets>(*store_, clock, options.producer_offsets_ttl.count())),
      snapshot_leases_(std::make_unique<SnapshotLeases>(*store_, clock)),
      cluster_configs_(std::make_unique<ClusterConfigs>(*store_)),
      server_tags_(std::make_unique<ServerTags>(*store_)),
      lake_snapshots_(std::make_unique<LakeSnapshots>(*store_, clock)) {}

Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::Open(FileSystem& files, const std::string& directory,
                                               const CatalogOptions& options, const Clock& clock) {
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(files, directory));
  std::unique_ptr<Catalog> catalog(new Catalog(std::move(store), options, clock));
  RETURN_IF_ERROR(catalog->Load());
  return catalog;
}

// Loading.

Status Catalog::Load() {
  ASSIGN_OR_RETURN(next_table_, NumberOr(*store_, records::kNextTable, 1));
  ASSIGN_OR_RETURN(next_partition_, NumberOr(*store_, records::kNextPartition, 1));
  ASSIGN_OR_RETURN(next_writer_, NumberOr(*store_, records::kNextWriter, 1));
  writers_reserved_ = next_writer_;
  for (const auto& [key, value] : store_->Scan(records::kDatabases)) {
    ASSIGN_OR_RETURN(DatabaseInfo database,
                     records::DatabaseFromRecord(
                         std::string_view(key).substr(records::kDatabases.size()), value));
    index_.PutDatabase(std::move(database));
  }
  if (!FindDatabase(kBuiltInDatabase)) {
    RETURN_IF_ERROR(CreateDatabase(std::string(kBuiltInDatabase), {}, IfExists::kIgnore));
  }
  RETURN_IF_ERROR(LoadTables());
  RETURN_IF_ERROR(producer_offsets_->Load());
  RETURN_IF_ERROR(snapshot_leases_->Load());
  RETURN_IF_ERROR(cluster_configs_->Load());
  RETURN_IF_ERROR(server_tags_->Load());
  return lake_snapshots_->Load();
}

Status Catalog::LoadTables() {
  std::unordered_map<TableId, TableInfo> tables;
  for (const auto& [key, value] : store_->Scan(records::kTables)) {
    Result<TableInfo> table = records::TableFromRecord(value);
    if (!table.ok()) return Fail(table.code(), "{}: key={}", table.error().message, key);
    tables.emplace(table->id, std::move(*table));
  }
  for (const auto& [key, value] : store_->Scan(records::kSchemas)) {
    ASSIGN_OR_RETURN(const auto ids, records::TwoNumbers(key, records::kSchemas));
    const auto table = tables.find(TableId{ids.first});
    if (table == tables.end()) continue;
    ASSIGN_OR_RETURN(Schema schema, SchemaFromText(value));
    table->second.schemas.emplace(SchemaId{static_cast<int16_t>(ids.second)},
                                  std::make_shared<const Schema>(std::move(schema)));
  }
  for (const auto& [key, value] : store_->Scan(records::kPartitions)) {
    ASSIGN_OR_RETURN(const auto ids, records::TwoNumbers(key, records::kPartitions));
    const auto table = tables.find(TableId{ids.first});
    if (table == tables.end()) continue;
    ASSIGN_OR_RETURN(PartitionInfo partition,
                     records::PartitionFromRecord(PartitionId{ids.second}, value));
    table->second.partitions.emplace(partition.name, std::move(partition));
  }
  for (auto& [id, table] : tables) {
    if (!FindDatabase(table.path.database)) {
      return Fail(ErrorCode::kStorage, "a table of the catalog has no database: table={}",
                  table.path.ToString());
    }
    index_.PutTable(std::move(table));
  }
  return {};
}

// Reading.

Result<DatabaseRef> Catalog::GetDatabase(std::string_view name) const {
  DatabaseRef database = FindDatabase(name);
  if (!database) return Fail(ErrorCode::kDatabaseNotExist, "database '{}' does not exist", name);
  return database;
}

Result<TableRef> Catalog::GetTable(const TablePath& path) const {
  TableRef table = FindTable(path);
  if (!table) return Fail(ErrorCode::kTableNotExist, "table '{}' does not exist", path.ToString());
  return table;
}

Result<TableRef> Catalog::GetTable(TableId id) const {
  TableRef table = FindTable(id);
  if (!table) return Fail(ErrorCode::kTableNotExist, "there is no table with id {}", id.value);
  return table;
}

Result<std::vector<TableRef>> Catalog::Tables(std::string_view database) const {
  auto tables = index_.Tables(database);
  if (!tables) return Fail(ErrorCode::kDatabaseNotExist, "database '{}' does not exist", database);
  return std::move(*tables);
}

// Databases.

Status Catalog::CreateDatabase(const std::string& name, const DatabaseDescriptor& descriptor,
                               IfExists if_exists) {
  RETURN_IF_ERROR(CheckNewName("database", name, ErrorCode::kInvalidDatabase));
  const std::lock_guard lock(changes_);
  if (FindDatabase(name)) {
    if (if_exists == IfExists::kIgnore) return {};
    return Fail(ErrorCode::kDatabaseAlreadyExist, "database '{}' already exists", name);
  }
  const int64_t now = clock_.NowMs();
  DatabaseInfo database{
      .name = name, .descriptor = descriptor, .created_ms = now, .modified_ms = now};
  Transaction transaction;
  transaction.Put(records::DatabaseKey(name), records::ToRecord(database));
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.PutDatabase(std::move(database));
  return {};
}

Status Catalog::AlterDatabase(const std::string& name, const DatabaseChange& change,
                              IfNotExists if_not_exists) {
  const std::lock_guard lock(changes_);
  const DatabaseRef old = FindDatabase(name);
  if (!old) {
    if (if_not_exists == IfNotExists::kIgnore) return {};
    return Fail(ErrorCode::kDatabaseNotExist, "database '{}' does not exist", name);
  }
  DatabaseInfo database = *old;
  for (const ConfigChange& config : change.configs) {
    if (config.op == ConfigOp::kDelete) {
      database.descriptor.custom_properties.erase(config.key);
    } else if (config.op == ConfigOp::kSet && config.value) {
      database.descriptor.custom_properties.insert_or_assign(config.key, *config.value);
    } else {
      return Fail(ErrorCode::kInvalidConfig,
                  "only SET with a value and RESET are supported: key={}", config.key);
    }
  }
  if (change.comment) {
    database.descriptor.comment = change.comment->empty() ? std::nullopt : change.comment;
  }
  if (database.descriptor == old->descriptor) return {};
  database.modified_ms = clock_.NowMs();
  Transaction transaction;
  transaction.Put(records::DatabaseKey(name), records::ToRecord(database));
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.PutDatabase(std::move(database));
  return {};
}

Status Catalog::DropDatabase(const std::string& name, DropTables tables,
                             IfNotExists if_not_exists) {
  if (name == kBuiltInDatabase) {
    return Fail(ErrorCode::kInvalidDatabase, "cannot drop the default database '{}'", name);
  }
  const std::lock_guard lock(changes_);
  const auto dropped = index_.Tables(name);
  if (!dropped) {
    if (if_not_exists == IfNotExists::kIgnore) return {};
    return Fail(ErrorCode::kDatabaseNotExist, "database '{}' does not exist", name);
  }
  if (!dropped->empty() && tables != DropTables::kCascade) {
    return Fail(ErrorCode::kDatabaseNotEmpty, "database '{}' is not empty: tables={}", name,
                dropped->size());
  }
  Transaction transaction;
  transaction.Delete(records::DatabaseKey(name));
  for (const TableRef& table : *dropped) DeleteRecords(*table, transaction);
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.RemoveDatabase(name);
  for (const TableRef& table : *dropped) {
    if (hooks_.table_dropped) hooks_.table_dropped(table);
  }
  if (hooks_.database_dropped) hooks_.database_dropped();
  return {};
}

// Tables.

int64_t Catalog::Take(std::string_view key, int64_t& next, int64_t count,
                      Transaction& transaction) {
  const int64_t first = next;
  next += count;
  transaction.Put(key, records::NumberToRecord(next));
  return first;
}

Result<TableRef> Catalog::CreateTable(const TablePath& path, TableDescriptor descriptor,
                                      IfExists if_exists) {
  RETURN_IF_ERROR(CheckNewName("database", path.database, ErrorCode::kInvalidDatabase));
  RETURN_IF_ERROR(CheckNewName("table", path.table, ErrorCode::kInvalidTable));
  ASSIGN_OR_RETURN(TableDescriptor complete, WithDefaults(std::move(descriptor), options_));
  ASSIGN_OR_RETURN(TableConfig config, CheckTable(complete, options_));

  std::unique_lock lock(changes_);
  RETURN_IF_ERROR(GetDatabase(path.database));
  if (TableRef existing = FindTable(path)) {
    if (if_exists == IfExists::kIgnore) return existing;
    return Fail(ErrorCode::kTableAlreadyExist, "table '{}' already exists", path.ToString());
  }
  const int64_t now = clock_.NowMs();
  Transaction transaction;
  TableInfo table{.id = TableId{Take(records::kNextTable, next_table_, 1, transaction)},
                  .path = path,
                  .descriptor = std::move(complete),
                  .config = std::move(config),
                  .created_ms = now,
                  .modified_ms = now};
  table.schemas.emplace(table.schema_id, std::make_shared<const Schema>(table.schema()));
  ASSIGN_OR_RETURN(
      const AutoPartitionPlan plan,
      PlanAutoPartitions(table, now, now, static_cast<size_t>(options_.partitions_max)));
  RETURN_IF_ERROR(AddPartitions(table, plan.create, transaction));
  if (hooks_.may_create_table) RETURN_IF_ERROR(hooks_.may_create_table(table));
  transaction.Put(records::TableKey(table.id), records::ToRecord(table));
  RETURN_IF_ERROR(store_->Commit(transaction));
  TableRef created = index_.PutTable(std::move(table));
  lock.unlock();
  if (hooks_.table_created) hooks_.table_created(created);
  return created;
}

Result<TableInfo> Catalog::Altered(const TableInfo& table, const TableChanges& changes,
                                   Transaction& transaction) const {
  TableInfo out = table;
  if (!changes.added_columns.empty()) {
    ASSIGN_OR_RETURN(out.descriptor.schema, WithAddedColumns(table, changes.added_columns));
    if (out.schema_id.value == INT16_MAX) {
      return Fail(ErrorCode::kInvalidAlterTable, "the schema of '{}' has changed too often",
                  table.path.ToString());
    }
    ++out.schema_id.value;
    out.schemas.emplace(out.schema_id, std::make_shared<const Schema>(out.descriptor.schema));
    transaction.Put(records::SchemaKey(table.id, table.schema_id), SchemaToText(table.schema()));
  } else {
    ASSIGN_OR_RETURN(out.descriptor, WithConfigChanges(table, changes.configs));
    RETURN_IF_ERROR(ImplyLakeFormat(out.descriptor.properties, options_));
  }
  ASSIGN_OR_RETURN(out.config, CheckTable(out.descriptor, options_));
  return out;
}

Status Catalog::AlterTable(const TablePath& path, const TableChanges& changes,
                           IfNotExists if_not_exists) {
  if (!changes.configs.empty() && !changes.added_columns.empty()) {
    return Fail(ErrorCode::kInvalidAlterTable,
                "a table's properties and its columns cannot be altered at once");
  }
  const std::lock_guard lock(changes_);
  const TableRef old = FindTable(path);
  if (!old) {
    if (if_not_exists == IfNotExists::kIgnore) return {};
    return Fail(ErrorCode::kTableNotExist, "table '{}' does not exist", path.ToString());
  }
  Transaction transaction;
  ASSIGN_OR_RETURN(TableInfo table, Altered(*old, changes, transaction));
  if (table.descriptor == old->descriptor) return {};
  table.modified_ms = clock_.NowMs();
  const bool now_automatic = table.config.auto_partition.enabled;
  if (hooks_.may_alter_table) RETURN_IF_ERROR(hooks_.may_alter_table(table));
  transaction.Put(records::TableKey(table.id), records::ToRecord(table));
  RETURN_IF_ERROR(store_->Commit(transaction));
  const TableRef altered = index_.PutTable(std::move(table));
  if (hooks_.table_changed) hooks_.table_changed(altered);
  if (now_automatic) {
    const Status status = RunAutoPartition(altered, clock_.NowMs());
    if (!status.ok())
      LogWarn("meta", "auto partitions of {}: {}", path.ToString(), status.error().message);
  }
  return {};
}

void Catalog::DeleteRecords(const TableInfo& table, Transaction& transaction) const {
  transaction.Delete(records::TableKey(table.id));
  for (const auto& [id, schema] : table.schemas) {
    if (id != table.schema_id) transaction.Delete(records::SchemaKey(table.id, id));
  }
  for (const auto& [name, partition] : table.partitions)
    transaction.Delete(records::PartitionKey(table.id, partition.id));
  if (!table.schema().auto_increment().empty())
    transaction.Delete(records::AutoIncrementKey(table.id));
}

Status Catalog::DropTable(const TablePath& path, IfNotExists if_not_exists) {
  const std::lock_guard lock(changes_);
  const TableRef table = FindTable(path);
  if (!table) {
    if (if_not_exists == IfNotExists::kIgnore) return {};
    return Fail(ErrorCode::kTableNotExist, "table '{}' does not exist", path.ToString());
  }
  Transaction transaction;
  DeleteRecords(*table, transaction);
  RETURN_IF_ERROR(store_->Commit(transaction));
  index_.RemoveTable(*table);
  if (hooks_.table_dropped) hooks_.table_dropped(table);
  return {};
}

// Numbers.

Result<int64_t> Catalog::NewWriterId() {
  const std::lock_guard lock(numbers_);
  if (next_writer_ == writers_reserved_) {
    Transaction transaction;
    transaction.Put(records::kNextWriter,
                    records::NumberToRecord(writers_reserved_ + kWriterIdsPerCommit));
    RETURN_IF_ERROR(store_->Commit(transaction));
    writers_reserved_ += kWriterIdsPerCommit;
  }
  return next_writer_++;
}

Result<IdBlock> Catalog::NewAutoIncrementIds(TableId table, int64_t count) {
  RETURN_IF_ERROR(GetTable(table));
  if (count <= 0)
    return Fail(ErrorCode::kInvalidConfig, "a block of numbers must not be empty: count={}", count);
  const std::lock_guard lock(numbers_);
  ASSIGN_OR_RETURN(const int64_t first, NumberOr(*store_, records::AutoIncrementKey(table), 1));
  int64_t next = 0;
  if (__builtin_add_overflow(first, count, &next)) {
    return Fail(ErrorCode::kInvalidTable,
                "the auto-increment column has run out of numbers: table={}", table.value);
  }
  Transaction transaction;
  transaction.Put(records::AutoIncrementKey(table), records::NumberToRecord(next));
  RETURN_IF_ERROR(store_->Commit(transaction));
  return IdBlock{.first = first, .count = count};
}

void NeedTable(TableId table, Transaction& transaction) {
  transaction.Need(records::TableKey(table));
}

}  // namespace weir
