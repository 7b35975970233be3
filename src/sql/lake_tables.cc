#include "sql/lake_tables.h"

#include "lake/fluss_layout.h"

namespace weir {
namespace {

/// Between reading offsets and metadata a snapshot may expire.
constexpr int kTriesMax = 5;

std::optional<int32_t> FieldIdOf(const iceberg::TableMetadata& lake, std::string_view name) {
  for (const iceberg::Field& field : lake.current_schema().fields()) {
    if (field.name == name) return field.id;
  }
  return {};
}

}  // namespace

Result<std::optional<iceberg::Ident>> LakeTables::Find(std::string_view dotted,
                                                       const std::string& database) const {
  if (lake_ == nullptr) return std::optional<iceberg::Ident>();
  iceberg::Ident ident;
  for (size_t dot = dotted.find('.'); dot != std::string_view::npos; dot = dotted.find('.')) {
    ident.levels.emplace_back(dotted.substr(0, dot));
    dotted.remove_prefix(dot + 1);
  }
  ident.name = dotted;
  if (ident.levels.empty()) ident.levels.push_back(database);
  const auto has = [&]() -> Result<bool> {
    ASSIGN_OR_RETURN(const bool maybe, lake_->MayHaveNamespace(ident.levels.front()));
    if (!maybe) return false;
    return lake_->HasTable(ident);
  };
  ASSIGN_OR_RETURN(bool found, has());
  if (!found && ident.levels.size() > 1) {
    ident.levels = {ident.levels.back()};
    ASSIGN_OR_RETURN(found, has());
  }
  return found ? std::optional(std::move(ident)) : std::nullopt;
}

Result<bool> LakeTables::HasNamespace(const std::string& name) const {
  if (lake_ == nullptr) return false;
  return lake_->HasNamespace({name});
}

Result<std::vector<std::string>> LakeTables::Namespaces() const {
  std::vector<std::string> names;
  if (lake_ == nullptr) return names;
  ASSIGN_OR_RETURN(const auto all, lake_->ListNamespaces({}));
  for (const iceberg::Namespace& levels : all) names.push_back(levels.front());
  return names;
}

Result<std::vector<std::string>> LakeTables::Tables(const std::string& name_space) const {
  std::vector<std::string> names;
  if (lake_ == nullptr) return names;
  ASSIGN_OR_RETURN(const bool there, lake_->MayHaveNamespace(name_space));
  if (!there) return names;
  ASSIGN_OR_RETURN(const auto all, lake_->ListTables({name_space}));
  for (const iceberg::Ident& ident : all) names.push_back(ident.name);
  return names;
}

Result<iceberg::LoadedTable> LakeTables::LoadTiered(const TableInfo& table) const {
  if (lake_ != nullptr) {
    ASSIGN_OR_RETURN(auto found, lake_->FindTiered(table.id));
    if (found) return *std::move(found);
  }
  return Fail(ErrorCode::kTableNotExist, "nothing of table {} is in the lake{}",
              table.path.ToString(),
              table.config.lake_enabled ? " yet" : ": 'table.datalake.enabled' is not 'true'");
}

Result<std::optional<LakeHalf>> LakeTables::HalfOf(const TableInfo& table) const {
  if (lake_ == nullptr) return std::optional<LakeHalf>();
  for (int i = 0; i < kTriesMax; ++i) {
    std::optional<LakeSnapshot> snapshot = snapshots_.Readable(table.id);
    if (!snapshot) return std::optional<LakeHalf>();
    ASSIGN_OR_RETURN(const auto found, lake_->LastSeen(table.id));
    const int64_t id = snapshot->snapshot_id;
    if (!found) continue;
    // Its rows as others have changed them, unless a later round of tiering is in between, whose offsets are not known
    // yet.
    const iceberg::TableMetadata& lake = *found->metadata;
    const bool head = iceberg::HasSameOffsetsSince(lake, id);
    // A round that has just committed: its offsets follow at once. A job elsewhere may take longer.
    if (!head && (i + 1 < kTriesMax || lake.FindSnapshot(id) == nullptr)) continue;
    return LakeHalf{found->metadata, *std::move(snapshot), head ? *lake.current_snapshot_id : id};
  }
  return Fail(ErrorCode::kStorage,
              "the lake's snapshot of table {} that goes with its log is not there",
              table.path.ToString());
}

bool LakeTables::IsCurrent(const TableInfo& table, const std::optional<LakeHalf>& half) const {
  const auto now = snapshots_.Readable(table.id);
  return now.has_value() == half.has_value() &&
         (!now || now->snapshot_id == half->snapshot.snapshot_id);
}

std::vector<LakeColumn> TableColumnsIn(const iceberg::TableMetadata& lake, const Schema& schema) {
  std::vector<LakeColumn> columns;
  for (const Column& column : schema.columns())
    columns.push_back({.column = {column.name, column.type},
                       .field_id = FieldIdOf(lake, column.name),
                       .always = {}});
  return columns;
}

std::vector<LakeColumn> ChangelogColumnsIn(const iceberg::TableMetadata& lake,
                                           const Schema& schema) {
  const auto offset = FieldIdOf(lake, iceberg::kOffsetColumn);
  const auto time = FieldIdOf(lake, iceberg::kTimestampColumn);
  if (!offset || !time) return {};
  std::vector<LakeColumn> columns = {
      {.column = {"_change_type", DataType::Of(TypeKind::kString)}, .field_id = {}, .always = "+A"},
      {.column = {"_log_offset", DataType::Of(TypeKind::kBigInt)},
       .field_id = offset,
       .always = {}},
      {.column = {"_commit_timestamp", DataType::Temporal(TypeKind::kTimestampLtz, 3)},
       .field_id = time,
       .always = {}}};
  for (LakeColumn& column : TableColumnsIn(lake, schema)) columns.push_back(std::move(column));
  return columns;
}

}  // namespace weir
