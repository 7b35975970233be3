#include "catalog/live_tables.h"

#include "base/log.h"
#include "catalog/live_rebase.h"
#include "lake/file_io.h"
#include "lake/manifest.h"

namespace weir::iceberg {

TemporaryFile::~TemporaryFile() {
  if (kept_) return;
  if (const Status gone = io_.Delete(path_); !gone.ok())
    LogWarn("catalog", "a file of a live state stays: path={} error=\"{}\"", path_,
            gone.error().message);
}

LiveTables::LiveTables(LakeCatalog& lake, FileIo& files, MetricRegistry& metrics,
                       std::chrono::milliseconds lifetime, const Clock& clock)
    : lake_(lake), files_(files), metrics_(metrics), lifetime_(lifetime), clock_(clock) {}

LiveTables::~LiveTables() = default;

LiveMode LiveTables::ModeOf(const LoadedTable& table) const {
  if (rows_ == nullptr || !table.tiered_by) return LiveMode::kOff;
  return rows_->ModeOf(*table.tiered_by);
}

bool LiveTables::ShowsOnLoad(const LoadedTable& table) const {
  return ModeOf(table) == LiveMode::kLoad;
}

Result<LoadedTable> LiveTables::ForScan(const LoadedTable& table) {
  if (ModeOf(table) == LiveMode::kOff) return table;
  return Show(table);
}

Result<LoadedTable> LiveTables::ForLoad(const LoadedTable& table) {
  if (!ShowsOnLoad(table)) return table;
  return Show(table);
}

LoadedTable LiveTables::ForSnapshot(LoadedTable table, int64_t snapshot_id) {
  if (table.metadata->FindSnapshot(snapshot_id) != nullptr) return table;
  const auto state = FindState(snapshot_id);
  const bool its =
      state != nullptr && state->view.metadata->table_uuid == table.metadata->table_uuid;
  return its ? state->view : std::move(table);
}

std::shared_ptr<LiveTables::Slot> LiveTables::SlotOf(const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[uuid];
  if (slot == nullptr) slot = std::make_shared<Slot>();
  return slot;
}

Result<LoadedTable> LiveTables::Show(LoadedTable table) {
  const auto slot = SlotOf(table.metadata->table_uuid);
  const std::lock_guard one_maker(slot->making);
  // After the lock: who waited for another maker may see rows that came while it waited.
  ASSIGN_OR_RETURN(std::string version, rows_->VersionOf(table));
  if (version.empty()) return table;
  auto state = slot->newest;
  if (state != nullptr && state->version == version &&
      state->base_location == table.metadata_location) {
    metrics_.shared.Add();
  } else {
    ASSIGN_OR_RETURN(state, Make(table, std::move(version)));
    if (state == nullptr) return table;
    slot->newest = state;
  }
  const std::lock_guard lock(mutex_);
  given_[state->snapshot_id] = {.state = state, .at_ms = clock_.NowMs()};
  return state->view;
}

Result<std::shared_ptr<const LiveState>> LiveTables::Make(LoadedTable& table, std::string version) {
  constexpr int kRoundsMax = 2;
  constexpr int kReloadsMax = 10;
  const int64_t started_us = clock_.MonotonicUs();
  for (int rounds = 0, reloads = 0; true;) {
    ASSIGN_OR_RETURN(HotFiles hot, rows_->Write(table));
    // That a round of tiering has just committed is no reason to wait for another.
    const bool reload = hot.stale && reloads++ < kReloadsMax;
    const bool again = hot.incomplete || hot.stale;
    if (!again || (!reload && rounds == kRoundsMax)) {
      if (hot.change.added.empty() && hot.change.removed.empty())
        return std::shared_ptr<const LiveState>();
      auto made = MakeOf(table, std::move(hot), std::move(version));
      metrics_.make_seconds.ObserveUs(clock_.MonotonicUs() - started_us);
      return made;
    }
    if (!reload) {
      RETURN_IF_ERROR(rows_->TierNow(*table.tiered_by));
      ++rounds;
    }
    ASSIGN_OR_RETURN(table, lake_.LoadTable(table.ident));
    ASSIGN_OR_RETURN(version, rows_->VersionOf(table));
  }
}

Result<std::shared_ptr<const LiveState>> LiveTables::MakeOf(const LoadedTable& table, HotFiles hot,
                                                            std::string version) {
  FileIo& io = files_;
  auto state = std::make_shared<LiveState>();
  state->version = std::move(version);
  state->base_location = table.metadata_location;
  state->base_snapshot_id = table.metadata->current_snapshot_id;
  state->files = std::move(hot.files);
  state->covered = std::move(hot.covered);
  for (const DataFile& file : hot.change.added) state->hot_paths.insert(file.file_path);

  hot.change.timestamp_ms = clock_.NowMs();
  hot.change.summary["weir.live"] = "true";
  ASSIGN_OR_RETURN(const NewSnapshot made, BuildSnapshot(io, *table.metadata, hot.change));
  for (const std::string& path : made.written_files)
    state->files.push_back(std::make_shared<TemporaryFile>(io, path));
  state->snapshot_id = made.snapshot.snapshot_id;
  ASSIGN_OR_RETURN(const auto manifests, ReadManifestList(io, made.snapshot.manifest_list));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.added_snapshot_id == state->snapshot_id)
      state->own_manifests.insert(manifest.manifest_path);
  }

  ASSIGN_OR_RETURN(TableMetadata metadata,
                   ApplyUpdates(*table.metadata, made.updates, hot.change.timestamp_ms));
  RecordMetadataFile(*table.metadata, table.metadata_location, metadata);
  state->view = table;
  state->snapshot_files = state->files.size();
  if (ShowsOnLoad(table)) {
    // Clients take equal metadata locations for equal metadata, so a state has a file of its own.
    state->view.metadata_location =
        Join(table.metadata->location, fmt::format("metadata/live-{}.metadata.json", NewUuid()));
    state->files.push_back(std::make_shared<TemporaryFile>(io, state->view.metadata_location));
    RETURN_IF_ERROR(io.WriteNew(state->view.metadata_location, ToJsonText(metadata)));
  }
  state->view.metadata = std::make_shared<const TableMetadata>(std::move(metadata));

  metrics_.made.Add();
  return std::shared_ptr<const LiveState>(std::move(state));
}

std::shared_ptr<const LiveState> LiveTables::FindState(int64_t snapshot_id) {
  const std::lock_guard lock(mutex_);
  const auto found = given_.find(snapshot_id);
  return found == given_.end() ? nullptr : found->second.state;
}

std::shared_ptr<const LiveState> LiveTables::BaseOf(const TableCommit& commit) {
  for (const TableRequirement& requirement : commit.requirements) {
    const auto* ref = std::get_if<AssertRefSnapshotId>(&requirement);
    if (ref == nullptr || !ref->snapshot_id || ref->ref != kMainBranch) continue;
    if (auto state = FindState(*ref->snapshot_id)) return state;
  }
  for (const TableUpdate& update : commit.updates) {
    const auto* named = std::get_if<SetSnapshotRef>(&update);
    if (named == nullptr) continue;
    if (auto state = FindState(named->ref.snapshot_id)) return state;
  }
  return nullptr;
}

bool LiveTables::Adopt(const LoadedTable& real, const LiveState& state) {
  if (!real.tiered_by || real.metadata->current_snapshot_id != state.base_snapshot_id) return false;
  const Snapshot* snapshot = state.view.metadata->FindSnapshot(state.snapshot_id);
  const std::span files = std::span(state.files).first(state.snapshot_files);
  std::vector<std::string> paths;
  for (const auto& file : files) paths.push_back(file->path());
  const Status adopted = rows_->Adopt(*real.tiered_by, *snapshot, state.covered, paths);
  // Whether it happened is not always known: then the files stay, and are orphans at worst.
  if (!adopted.ok() && adopted.code() != ErrorCode::kCommitStateUnknown) return false;
  for (const auto& file : files) file->Keep();
  return adopted.ok();
}

RestResult<TableCommit> LiveTables::Rebase(TableCommit commit) {
  const auto state = BaseOf(commit);
  if (state == nullptr) return commit;
  ASSIGN_OR_RETURN(const LoadedTable real, lake_.LoadTable(commit.ident));
  if (real.metadata->FindSnapshot(state->snapshot_id) != nullptr) return commit;  // not only live
  const TableCommit unchanged = commit;
  ASSIGN_OR_RETURN(const bool fits, RebaseCommit(lake_.files(), *state, *real.metadata, commit));
  if (fits) {
    metrics_.rebased.Add();
    return commit;
  }
  if (Adopt(real, *state)) {
    metrics_.adopted.Add();
    return unchanged;
  }
  metrics_.refused.Add();
  if (real.tiered_by) RETURN_IF_ERROR(rows_->TierNow(*real.tiered_by));
  return Refuse(RestErrorKind::kCommitFailed,
                "the commit changes rows of {} that were not in the lake yet; they are now: "
                "refresh and retry",
                commit.ident.ToString());
}

Status LiveTables::BeforeRemoval(const TableCommit& commit) {
  std::set<int64_t> removed;
  for (const TableUpdate& update : commit.updates) {
    if (const auto* removal = std::get_if<RemoveSnapshots>(&update))
      removed.insert(removal->snapshot_ids.begin(), removal->snapshot_ids.end());
  }
  if (removed.empty() || rows_ == nullptr) return {};
  const auto table = lake_.LoadTable(commit.ident);
  if (!table.ok() || !table->tiered_by) return {};  // the commit itself says what is wrong
  // The current one is an old one to who saw a live state on top of it.
  if (removed.contains(table->metadata->current_snapshot_id.value_or(-1)) && ShowsOnLoad(*table))
    RETURN_IF_ERROR(rows_->TierNow(*table->tiered_by));
  return rows_->BeforeRemoval(*table->tiered_by);
}

void LiveTables::Sweep() {
  const int64_t too_old = clock_.NowMs() - lifetime_.count();
  std::vector<std::shared_ptr<const LiveState>> gone;  // files are deleted outside the lock
  const std::lock_guard lock(mutex_);
  std::erase_if(given_, [&](const auto& entry) {
    if (entry.second.at_ms >= too_old) return false;
    gone.push_back(entry.second.state);
    return true;
  });
  for (const auto& state : gone) {
    const auto slot = slots_.find(state->view.metadata->table_uuid);
    if (slot == slots_.end()) continue;
    // Somebody who is making the next state keeps the slot; it is looked at again next time.
    const std::unique_lock idle(slot->second->making, std::try_to_lock);
    if (idle && slot->second->newest == state) slot->second->newest = nullptr;
  }
}

}  // namespace weir::iceberg
