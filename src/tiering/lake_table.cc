#include <fmt/format.h>

#include "lake/fluss_layout.h"
#include "tiering/tiering_round.h"

namespace weir {
namespace {

int FormatVersionOf(const TableInfo& table) {
  const bool vectors =
      table.has_primary_key() && table.config.lake_delete_mode == LakeDeleteMode::kDeletionVector;
  return vectors ? 3 : iceberg::kFormatVersionDefault;
}

/// Version 2 has no deletion vectors, version 3 takes no new position deletes.
Status CheckDeleteMode(const TableInfo& table, const iceberg::TableMetadata& lake) {
  const LakeDeleteMode mode = table.config.lake_delete_mode;
  if (!table.has_primary_key() || mode == LakeDeleteMode::kCopyOnWrite) return {};
  const int wanted = FormatVersionOf(table);
  if (lake.format_version == wanted) return {};
  return Fail(ErrorCode::kInvalidAlterTable,
              "table.datalake.iceberg.delete-mode: the lake table has format version {}, this "
              "mode needs {}: table={}; copy-on-write needs neither",
              lake.format_version, wanted, table.path.ToString());
}

}  // namespace

Status CheckLakeTable(const RoundEnvironment& environment, const TableInfo& table) {
  ASSIGN_OR_RETURN(const auto found, environment.lake.FindTiered(table.id));
  return found ? CheckDeleteMode(table, *found->metadata) : Status();
}

iceberg::Ident LakeIdentOf(const TableInfo& table) {
  const TableConfig& config = table.config;
  return {.levels = {config.lake_database.value_or(table.path.database)},
          .name = config.lake_table.value_or(table.path.table)};
}

Status CheckLakeName(const RoundEnvironment& environment, const TableInfo& table) {
  const iceberg::Ident ident = LakeIdentOf(table);
  ASSIGN_OR_RETURN(const bool taken, environment.lake.HasTable(ident));
  if (!taken) return {};
  ASSIGN_OR_RETURN(const iceberg::LoadedTable other, environment.lake.LoadTable(ident));
  // A crash came between the end of a table and that of its lake table.
  if (other.tiered_by && environment.catalog.FindTable(*other.tiered_by) == nullptr)
    return environment.lake.DropTiered(*other.tiered_by);
  return Fail(ErrorCode::kLakeTableAlreadyExist,
              "the lake has another table of this name: table={}; rename or drop it there",
              table.path.ToString());
}

Result<iceberg::LoadedTable> EnsureLakeTable(const RoundEnvironment& environment,
                                             const TableInfo& table) {
  ASSIGN_OR_RETURN(auto found, environment.lake.FindTiered(table.id));
  if (!found) {
    const iceberg::Ident ident = LakeIdentOf(table);
    RETURN_IF_ERROR(environment.lake.EnsureNamespace(ident.levels));
    ASSIGN_OR_RETURN(const iceberg::NewTable wanted,
                     iceberg::LakeTableOf(table, FormatVersionOf(table)));
    auto made = environment.lake.CreateTiered(ident, wanted, table.id);
    if (made.code() != ErrorCode::kTableAlreadyExist) return made;
    RETURN_IF_ERROR(CheckLakeName(environment, table));
    return environment.lake.CreateTiered(ident, wanted, table.id);
  }
  RETURN_IF_ERROR(CheckDeleteMode(table, *found->metadata));
  ASSIGN_OR_RETURN(std::vector<iceberg::TableUpdate> changes,
                   iceberg::LakeTableChanges(table, *found->metadata));
  if (changes.empty()) return std::move(*found);
  return environment.lake.Commit(iceberg::TableCommit{
      .ident = found->ident,
      .requirements = {iceberg::AssertTableUuid{found->metadata->table_uuid},
                       iceberg::AssertCurrentSchemaId{found->metadata->current_schema_id}},
      .updates = std::move(changes)});
}

std::string IndexFolderOf(const RoundEnvironment& environment, TableId table) {
  return fmt::format("{}/{}", environment.index_folder, table.value);
}

std::vector<TableBucket> BucketsOf(const TableInfo& table) {
  std::vector<TableBucket> buckets;
  const auto add = [&](std::optional<PartitionId> partition) {
    for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket)
      buckets.push_back({.table = table.id, .partition = partition, .bucket = bucket});
  };
  if (!table.is_partitioned()) add(std::nullopt);
  for (const auto& [name, partition] : table.partitions) add(partition.id);
  return buckets;
}

}  // namespace weir
