#include <algorithm>

#include "lake/lake_catalog_state.h"
#include "lake/location_rules.h"
#include "meta/catalog.h"

namespace weir::iceberg {
namespace {

Status CheckName(const Ident& ident) {
  if (IsGoodName(ident.name)) return {};
  return Fail(ErrorCode::kInvalidTable,
              "a name has 1 to 255 bytes without control characters: name={:.300}", ident.name);
}

LoadedTable Loaded(const Ident& ident, const LakeRecord& record,
                   std::shared_ptr<const TableMetadata> metadata) {
  return {.ident = ident,
          .metadata = std::move(metadata),
          .metadata_location = record.metadata_location,
          .tiered_by = record.tiered_by};
}

std::vector<Ident> Names(const std::map<Ident, LakeRecord>& map, const Namespace& levels) {
  std::vector<Ident> out;
  for (auto at = map.lower_bound(Ident{.levels = levels, .name = {}});
       at != map.end() && at->first.levels == levels; ++at)
    out.push_back(at->first);
  return out;
}

}  // namespace

Result<std::vector<Ident>> LakeCatalog::ListTables(const Namespace& levels) const {
  const std::shared_lock lock(state_->names);
  RETURN_IF_ERROR(state_->NeedNamespace(levels));
  return Names(state_->tables, levels);
}

bool LakeCatalog::TableExists(const Ident& ident) const {
  const std::shared_lock lock(state_->names);
  return state_->tables.contains(ident);
}

Result<LoadedTable> LakeCatalog::LoadTable(const Ident& ident) {
  ASSIGN_OR_RETURN(const LakeRecord record, state_->FindTable(ident));
  ASSIGN_OR_RETURN(auto metadata, state_->Read(record.metadata_location));
  return Loaded(ident, record, std::move(metadata));
}

Result<std::optional<LoadedTable>> LakeCatalog::FindTiered(TableId table) {
  const auto ident = FindTieredIdent(table);
  if (!ident) return std::optional<LoadedTable>();
  ASSIGN_OR_RETURN(LoadedTable loaded, LoadTable(*ident));
  return std::optional(std::move(loaded));
}

std::optional<Ident> LakeCatalog::FindTieredIdent(TableId table) const {
  const std::shared_lock lock(state_->names);
  const auto found = state_->tiered.find(table);
  if (found == state_->tiered.end()) return std::nullopt;
  return found->second;
}

Result<std::string> LakeCatalog::MetadataLocation(const Ident& ident) const {
  ASSIGN_OR_RETURN(LakeRecord record, state_->FindTable(ident));
  return std::move(record.metadata_location);
}

Result<TablePlace> LakeCatalog::PlaceOf(const Ident& ident) const {
  ASSIGN_OR_RETURN(LakeRecord record, state_->FindTable(ident));
  return TablePlace{.metadata_location = std::move(record.metadata_location),
                    .root = std::move(record.root)};
}

Result<LoadedTable> LakeCatalog::StageTable(const Ident& ident, NewTable table) {
  State& s = *state_;
  RETURN_IF_ERROR(CheckName(ident));
  {
    const std::shared_lock lock(s.names);
    RETURN_IF_ERROR(s.NeedNamespace(ident.levels));
    RETURN_IF_ERROR(s.NeedFree(ident));
  }
  if (table.uuid.empty()) table.uuid = NewUuid();
  if (!IsBelowAny(table.location, s.options.other_places))
    table.location = AllocateLocation(s.options.warehouse, ident.levels, ident.name, table.uuid);
  RETURN_IF_ERROR(CheckPropertyLocations(table.properties, s.RootsOf(table.location)));
  ASSIGN_OR_RETURN(TableMetadata metadata, MakeTableMetadata(table, s.clock.NowMs()));
  return LoadedTable{.ident = ident,
                     .metadata = std::make_shared<const TableMetadata>(std::move(metadata)),
                     .metadata_location = {},
                     .tiered_by = std::nullopt};
}

Result<LoadedTable> LakeCatalog::CreateTable(const Ident& ident, NewTable table,
                                             std::optional<TableId> tiered_by,
                                             const Transaction* extra) {
  State& s = *state_;
  ASSIGN_OR_RETURN(LoadedTable made, StageTable(ident, std::move(table)));
  made.tiered_by = tiered_by;
  RETURN_IF_ERROR(s.NoteMaking(*made.metadata));
  const Status done = s.Make(made, extra);
  // It may turn out to be there: its files must stay until the next start knows.
  if (done.code() != ErrorCode::kCommitStateUnknown) s.EndMaking(made.metadata->table_uuid);
  RETURN_IF_ERROR(done);
  return made;
}

Status LakeCatalog::State::Make(LoadedTable& made, const Transaction* extra) {
  ASSIGN_OR_RETURN(made.metadata_location, WriteMetadata(*made.metadata, ""));
  const Ident& ident = made.ident;
  const LakeRecord record{.metadata_location = made.metadata_location,
                          .uuid = made.metadata->table_uuid,
                          .root = made.metadata->location,
                          .tiered_by = made.tiered_by};
  const std::lock_guard change(changes);
  Status free = NeedNamespace(ident.levels);
  if (free.ok()) free = NeedFree(ident);
  if (free.ok()) free = NeedOwnPlace(ident, record.root);
  if (!free.ok()) {
    // Refused for certain, and nobody else knows the file.
    (void)files.Delete(made.metadata_location);
    return free;
  }
  Transaction transaction = extra == nullptr ? Transaction() : *extra;
  if (made.tiered_by) NeedTable(*made.tiered_by, transaction);
  transaction.Put(IdentKey(kTableKeys, ident), ToText(record));
  transaction.Delete(std::string(kPurgeKeys) + record.uuid);
  const Status done = CommitPointers(transaction);
  if (done.code() == ErrorCode::kCommitConflict) (void)files.Delete(made.metadata_location);
  RETURN_IF_ERROR(done);
  const std::unique_lock lock(names);
  tables[ident] = record;
  if (made.tiered_by) tiered[*made.tiered_by] = ident;
  return {};
}

Result<LoadedTable> LakeCatalog::RegisterTable(const Ident& ident,
                                               const std::string& metadata_location,
                                               Overwrite overwrite) {
  State& s = *state_;
  RETURN_IF_ERROR(CheckName(ident));
  {
    const std::shared_lock lock(s.names);
    RETURN_IF_ERROR(s.NeedNamespace(ident.levels));
    if (overwrite == Overwrite::kNo || !s.tables.contains(ident))
      RETURN_IF_ERROR(s.NeedFree(ident));
  }
  if (!IsBelowAny(metadata_location, s.RootsOf(s.options.warehouse))) {
    return Fail(ErrorCode::kAuthorization,
                "tables are registered from the warehouse or the places that are configured: "
                "metadata-location={:.300}",
                metadata_location);
  }
  ASSIGN_OR_RETURN(const auto metadata, s.cache.Read(s.files, metadata_location));
  if (!IsBelow(metadata_location, metadata->location))
    return Fail(ErrorCode::kAuthorization, "the metadata file lies outside of its table: {:.300}",
                metadata_location);
  RETURN_IF_ERROR(CheckLocations(*metadata, s.RootsOf(metadata->location)));
  const LakeRecord record{.metadata_location = metadata_location,
                          .uuid = metadata->table_uuid,
                          .root = metadata->location};

  const std::lock_guard change(s.changes);
  RETURN_IF_ERROR(s.NeedNamespace(ident.levels));
  if (overwrite == Overwrite::kNo || !s.tables.contains(ident)) RETURN_IF_ERROR(s.NeedFree(ident));
  // What the file says of its table's place is what a purge deletes one day.
  if (const Status own = s.NeedOwnPlace(ident, record.root); !own.ok())
    return Fail(ErrorCode::kAuthorization, "{}", own.error().message);
  Transaction transaction;
  transaction.Put(IdentKey(kTableKeys, ident), ToText(record));
  transaction.Delete(std::string(kPurgeKeys) +
                     record.uuid);  // dropped with purge, wanted after all
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  if (const auto old = s.tables.find(ident); old != s.tables.end() && old->second.tiered_by)
    s.tiered.erase(*old->second.tiered_by);
  s.tables[ident] = record;
  return Loaded(ident, record, metadata);
}

Status LakeCatalog::RenameTable(const Ident& from, const Ident& to) {
  State& s = *state_;
  RETURN_IF_ERROR(CheckName(to));
  const std::lock_guard change(s.changes);
  ASSIGN_OR_RETURN(const LakeRecord record, s.FindTable(from));
  RETURN_IF_ERROR(s.NeedNamespace(to.levels));
  if (s.tables.contains(to) || s.views.contains(to)) {
    return Fail(ErrorCode::kTableAlreadyExist, "Cannot rename {} to {}. {} already exists",
                from.ToString(), to.ToString(), s.tables.contains(to) ? "Table" : "View");
  }
  Transaction transaction;
  transaction.Delete(IdentKey(kTableKeys, from));
  transaction.Put(IdentKey(kTableKeys, to), ToText(record));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.tables.erase(from);
  s.tables[to] = record;
  if (record.tiered_by) s.tiered[*record.tiered_by] = to;
  return {};
}

Status LakeCatalog::DropTable(const Ident& ident, Purge purge) {
  const std::lock_guard change(state_->changes);
  return state_->Drop(ident, purge);
}

Status LakeCatalog::State::Drop(const Ident& ident, Purge purge) {
  ASSIGN_OR_RETURN(const LakeRecord record, FindTable(ident));
  Transaction transaction;
  transaction.Delete(IdentKey(kTableKeys, ident));
  if (purge == Purge::kYes) {
    transaction.Put(std::string(kPurgeKeys) + record.uuid,
                    ToText(PurgeRequest{.id = record.uuid,
                                        .root = record.root,
                                        .metadata_location = record.metadata_location,
                                        .dropped_ms = clock.NowMs()}));
  }
  RETURN_IF_ERROR(CommitPointers(transaction));
  const std::unique_lock lock(names);
  tables.erase(ident);
  if (record.tiered_by) tiered.erase(*record.tiered_by);
  return {};
}

Status LakeCatalog::DropTiered(TableId table) {
  // Who makes or renames it right now is done before, or finds that its Weir table is gone.
  const std::lock_guard change(state_->changes);
  const auto found = state_->tiered.find(table);
  if (found == state_->tiered.end()) return {};
  return state_->Drop(Ident(found->second), Purge::kYes);
}

Status LakeCatalog::ReleaseTiered(TableId table) {
  State& s = *state_;
  const std::lock_guard change(s.changes);
  const auto found = s.tiered.find(table);
  if (found == s.tiered.end()) return {};
  const Ident ident = found->second;
  LakeRecord record = s.tables.at(ident);
  record.tiered_by.reset();
  Transaction transaction;
  transaction.Put(IdentKey(kTableKeys, ident), ToText(record));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.tables[ident] = record;
  s.tiered.erase(table);
  return {};
}

}  // namespace weir::iceberg
