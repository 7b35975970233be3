#include <algorithm>

#include "lake/lake_catalog_state.h"
#include "lake/location_rules.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kViewBytesMax = 16 * MiB;

Status CheckPlaces(const ViewMetadata& metadata, const std::vector<std::string>& roots) {
  if (!IsBelowAny(metadata.location, roots))
    return Fail(ErrorCode::kInvalidTable,
                "a place outside of what the catalog gave: location={:.300}", metadata.location);
  return CheckPropertyLocations(metadata.properties, roots);
}

}  // namespace

Result<std::string> LakeCatalog::State::WriteView(const ViewMetadata& metadata,
                                                  const std::string& before) {
  int64_t version = 0;
  if (!before.empty()) version = std::ssize(metadata.version_log);
  const auto chosen = metadata.properties.find("write.metadata.path");
  const std::string folder =
      chosen == metadata.properties.end() ? Join(metadata.location, "metadata") : chosen->second;
  std::string location = Join(folder, fmt::format("{:05}-{}.metadata.json", version, NewUuid()));
  RETURN_IF_ERROR(files.WriteNew(location, ToJsonText(metadata)));
  return location;
}

Result<std::vector<Ident>> LakeCatalog::ListViews(const Namespace& levels) const {
  const std::shared_lock lock(state_->names);
  RETURN_IF_ERROR(state_->NeedNamespace(levels));
  std::vector<Ident> out;
  for (const auto& [ident, record] : state_->views) {
    if (ident.levels == levels) out.push_back(ident);
  }
  return out;
}

bool LakeCatalog::ViewExists(const Ident& ident) const {
  const std::shared_lock lock(state_->names);
  return state_->views.contains(ident);
}

Result<LoadedView> LakeCatalog::LoadView(const Ident& ident) {
  ASSIGN_OR_RETURN(LakeRecord record, state_->FindView(ident));
  ASSIGN_OR_RETURN(const std::string text,
                   state_->files.ReadAll(record.metadata_location, kViewBytesMax));
  ASSIGN_OR_RETURN(ViewMetadata metadata, ViewMetadataFromJsonText(text));
  return LoadedView{.ident = ident,
                    .metadata = std::make_shared<const ViewMetadata>(std::move(metadata)),
                    .metadata_location = std::move(record.metadata_location)};
}

Result<LoadedView> LakeCatalog::CreateView(const Ident& ident, Schema schema, ViewVersion version,
                                           StringMap properties) {
  State& s = *state_;
  if (!IsGoodName(ident.name))
    return Fail(ErrorCode::kInvalidTable,
                "a name has 1 to 255 bytes without control characters: name={:.300}", ident.name);
  const auto need_free = [&]() -> Status {
    RETURN_IF_ERROR(s.NeedNamespace(ident.levels));
    if (s.views.contains(ident))
      return Fail(ErrorCode::kTableAlreadyExist, "View already exists: {}", ident.ToString());
    if (s.tables.contains(ident))
      return Fail(ErrorCode::kTableAlreadyExist, "Table with same name already exists: {}",
                  ident.ToString());
    return {};
  };
  {
    const std::shared_lock lock(s.names);
    RETURN_IF_ERROR(need_free());
  }
  const std::string uuid = NewUuid();
  const std::string location =
      AllocateLocation(s.options.warehouse, ident.levels, ident.name, uuid);
  version.schema_id = kLastAdded;
  version.version_id = 1;
  const std::vector<ViewUpdate> updates = {AssignUuid{uuid},
                                           SetLocation{location},
                                           AddSchema{std::move(schema)},
                                           AddViewVersion{std::move(version)},
                                           SetCurrentViewVersion{},
                                           SetProperties{std::move(properties)}};
  ASSIGN_OR_RETURN(ViewMetadata metadata,
                   ApplyViewUpdates(ViewMetadata(), updates, s.clock.NowMs()));
  RETURN_IF_ERROR(CheckPlaces(metadata, s.RootsOf(location)));
  ASSIGN_OR_RETURN(const std::string file, s.WriteView(metadata, ""));
  const LakeRecord record{.metadata_location = file, .uuid = uuid, .root = location};

  const std::lock_guard change(s.changes);
  if (Status free = need_free(); !free.ok()) {
    (void)s.files.Delete(file);
    return Forward(std::move(free));
  }
  Transaction transaction;
  transaction.Put(IdentKey(kViewKeys, ident), ToText(record));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.views[ident] = record;
  return LoadedView{.ident = ident,
                    .metadata = std::make_shared<const ViewMetadata>(std::move(metadata)),
                    .metadata_location = file};
}

Result<LoadedView> LakeCatalog::CommitView(const Ident& ident,
                                           std::span<const AssertViewUuid> requirements,
                                           std::span<const ViewUpdate> updates) {
  State& s = *state_;
  ASSIGN_OR_RETURN(LakeRecord record, s.FindView(ident));
  const auto lock_of_view = s.CommitLock(record.uuid);
  const std::lock_guard one_commit(*lock_of_view);
  ASSIGN_OR_RETURN(const LoadedView base, LoadView(ident));
  for (const AssertViewUuid& requirement : requirements) {
    if (requirement.uuid != base.metadata->view_uuid)
      return Fail(ErrorCode::kCommitConflict,
                  "Requirement failed: view UUID does not match: expected {} != {}",
                  base.metadata->view_uuid, requirement.uuid);
  }
  ASSIGN_OR_RETURN(ViewMetadata next, ApplyViewUpdates(*base.metadata, updates, s.clock.NowMs()));
  RETURN_IF_ERROR(CheckPlaces(next, s.RootsOf(record.root)));
  if (next == *base.metadata) return base;
  ASSIGN_OR_RETURN(const std::string file, s.WriteView(next, base.metadata_location));

  const std::lock_guard change(s.changes);
  const auto now = s.views.find(ident);
  if (now == s.views.end() || now->second.metadata_location != base.metadata_location) {
    (void)s.files.Delete(file);
    return Fail(ErrorCode::kCommitConflict,
                "Requirement failed: {} was dropped, renamed or replaced meanwhile",
                ident.ToString());
  }
  record.metadata_location = file;
  Transaction transaction;
  transaction.Put(IdentKey(kViewKeys, ident), ToText(record));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.views[ident] = record;
  return LoadedView{.ident = ident,
                    .metadata = std::make_shared<const ViewMetadata>(std::move(next)),
                    .metadata_location = file};
}

Status LakeCatalog::RenameView(const Ident& from, const Ident& to) {
  State& s = *state_;
  if (!IsGoodName(to.name))
    return Fail(ErrorCode::kInvalidTable,
                "a name has 1 to 255 bytes without control characters: name={:.300}", to.name);
  const std::lock_guard change(s.changes);
  ASSIGN_OR_RETURN(const LakeRecord record, s.FindView(from));
  RETURN_IF_ERROR(s.NeedNamespace(to.levels));
  if (s.tables.contains(to) || s.views.contains(to)) {
    return Fail(ErrorCode::kTableAlreadyExist, "Cannot rename {} to {}. {} already exists",
                from.ToString(), to.ToString(), s.tables.contains(to) ? "Table" : "View");
  }
  Transaction transaction;
  transaction.Delete(IdentKey(kViewKeys, from));
  transaction.Put(IdentKey(kViewKeys, to), ToText(record));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.views.erase(from);
  s.views[to] = record;
  return {};
}

Status LakeCatalog::DropView(const Ident& ident) {
  State& s = *state_;
  const std::lock_guard change(s.changes);
  RETURN_IF_ERROR(s.FindView(ident));
  Transaction transaction;
  transaction.Delete(IdentKey(kViewKeys, ident));
  RETURN_IF_ERROR(s.CommitPointers(transaction));
  const std::unique_lock lock(s.names);
  s.views.erase(ident);
  return {};
}

}  // namespace weir::iceberg
