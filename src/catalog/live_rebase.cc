#include "catalog/live_rebase.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "lake/file_io.h"
#include "lake/manifest.h"

namespace weir::iceberg {
namespace {

// Column file_path of position delete files; source: Iceberg specification, "Reserved Field IDs".
constexpr int32_t kDeletedPathId = 2147483546;

constexpr std::array<std::string_view, 6> kTotals = {
    "total-records",      "total-data-files",       "total-files-size",
    "total-delete-files", "total-position-deletes", "total-equality-deletes"};

int64_t TotalOf(const Snapshot* snapshot, std::string_view key) {
  if (snapshot == nullptr) return 0;
  const auto found = snapshot->summary.find(key);
  if (found == snapshot->summary.end()) return 0;
  int64_t value = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

/// The one data file that a delete file is about, when it is only one.
std::optional<std::string> TargetOf(const DataFile& deletes) {
  if (deletes.referenced_data_file) return deletes.referenced_data_file;
  const auto low = deletes.lower_bounds.find(kDeletedPathId);
  const auto high = deletes.upper_bounds.find(kDeletedPathId);
  if (low == deletes.lower_bounds.end() || high == deletes.upper_bounds.end() ||
      low->second != high->second)
    return std::nullopt;
  return low->second;
}

class Rebase {
 public:
  Rebase(FileIo& io, const LiveState& state, const TableMetadata& real)
      : io_(io),
        state_(state),
        real_(real),
        same_base_(real.current_snapshot_id == state.base_snapshot_id),
        sequence_(real.last_sequence_number),
        row_id_(real.next_row_id) {}

  /// Make one new snapshot fit. Whether it does.
  Result<bool> Fit(Snapshot& snapshot) {
    ours_.insert(snapshot.snapshot_id);
    ASSIGN_OR_RETURN(auto manifests, ReadManifestList(io_, snapshot.manifest_list));
    ASSIGN_OR_RETURN(const bool fits, Inspect(manifests));
    if (!fits || (!same_base_ && !pure_append_)) return false;
    std::erase_if(manifests, [&](const ManifestFile& manifest) { return IsHot(manifest); });
    if (!same_base_) RETURN_IF_ERROR(MoveOn(snapshot, manifests));
    if (snapshot.parent_snapshot_id == state_.snapshot_id)
      snapshot.parent_snapshot_id = real_.current_snapshot_id;
    CountAnew(snapshot);
    return Write(snapshot, manifests);
  }

 private:
  bool IsHot(const ManifestFile& manifest) const {
    return state_.own_manifests.contains(manifest.manifest_path);
  }
  bool IsOurs(const ManifestFile& manifest) const {
    return ours_.contains(manifest.added_snapshot_id);
  }

  /// Whether all live manifests are there as they were, and no new one speaks of live rows.
  Result<bool> Inspect(const std::vector<ManifestFile>& manifests) {
    if (std::ranges::count_if(manifests, [&](const auto& m) { return IsHot(m); }) !=
        std::ssize(state_.own_manifests))
      return false;
    for (const ManifestFile& manifest : manifests) {
      if (!IsOurs(manifest)) continue;
      ASSIGN_OR_RETURN(const auto entries, ReadManifest(io_, manifest, real_));
      for (const ManifestEntry& entry : entries) {
        if (TouchesHot(entry)) return false;
        pure_append_ = pure_append_ && entry.status == EntryStatus::kAdded &&
                       entry.file.content == FileContent::kData;
      }
    }
    return true;
  }

  bool TouchesHot(const ManifestEntry& entry) const {
    if (state_.hot_paths.contains(entry.file.file_path)) return true;
    if (entry.file.content == FileContent::kData || entry.status != EntryStatus::kAdded)
      return false;
    const auto target = TargetOf(entry.file);
    return !target || state_.hot_paths.contains(*target);  // unknown: it might
  }

  /// Put the new manifests of an append on top of what was committed since the live state was made.
  Status MoveOn(Snapshot& snapshot, std::vector<ManifestFile>& manifests) {
    std::erase_if(manifests, [&](const ManifestFile& manifest) { return !IsOurs(manifest); });
    sequences_[snapshot.sequence_number] = ++sequence_;
    const int64_t first_row_id = row_id_;
    for (ManifestFile& manifest : manifests) {
      const auto moved = sequences_.find(manifest.sequence_number.value_or(0));
      if (moved == sequences_.end()) continue;
      if (manifest.min_sequence_number == moved->first)
        manifest.min_sequence_number = moved->second;
      manifest.sequence_number = moved->second;
      if (manifest.added_snapshot_id != snapshot.snapshot_id || !manifest.first_row_id) continue;
      manifest.first_row_id = row_id_;
      row_id_ += manifest.added_rows_count.value_or(0);
    }
    snapshot.sequence_number = sequence_;
    if (snapshot.first_row_id) snapshot.first_row_id = first_row_id;
    if (const Snapshot* current = real_.current_snapshot()) {
      ASSIGN_OR_RETURN(const auto committed, ManifestsOf(io_, *current));
      manifests.insert(manifests.end(), committed.begin(), committed.end());
    }
    return {};
  }

  void CountAnew(Snapshot& snapshot) const {
    const Snapshot* live = state_.view.metadata->FindSnapshot(state_.snapshot_id);
    for (const std::string_view key : kTotals) {
      const auto found = snapshot.summary.find(key);
      if (found == snapshot.summary.end()) continue;
      found->second = fmt::format("{}", TotalOf(&snapshot, key) - TotalOf(live, key) +
                                            TotalOf(real_.current_snapshot(), key));
    }
  }

  Result<bool> Write(Snapshot& snapshot, const std::vector<ManifestFile>& manifests) {
    const std::string bytes =
        SerializeManifestList({.format_version = real_.format_version,
                               .snapshot_id = snapshot.snapshot_id,
                               .parent_snapshot_id = snapshot.parent_snapshot_id,
                               .sequence_number = snapshot.sequence_number,
                               .first_row_id = snapshot.first_row_id},
                              manifests);
    snapshot.manifest_list = Join(
        real_.location, fmt::format("metadata/snap-{}-0-{}.avro", snapshot.snapshot_id, NewUuid()));
    RETURN_IF_ERROR(io_.WriteNew(snapshot.manifest_list, bytes));
    return true;
  }

  FileIo& io_;
  const LiveState& state_;
  const TableMetadata& real_;
  const bool same_base_;
  bool pure_append_ = true;
  std::set<int64_t> ours_;                // ids of the commit's snapshots so far
  std::map<int64_t, int64_t> sequences_;  // the client's numbers to those they become
  int64_t sequence_;
  int64_t row_id_;
};

}  // namespace

Result<bool> RebaseCommit(FileIo& io, const LiveState& state, const TableMetadata& real,
                          TableCommit& commit) {
  Rebase rebase(io, state, real);
  for (TableUpdate& update : commit.updates) {
    if (auto* ref = std::get_if<SetSnapshotRef>(&update);
        ref != nullptr && ref->ref.snapshot_id == state.snapshot_id)
      return false;  // a name for rows that are nowhere yet
    auto* added = std::get_if<AddSnapshot>(&update);
    if (added == nullptr) continue;
    ASSIGN_OR_RETURN(const bool fits, rebase.Fit(added->snapshot));
    if (!fits) return false;
  }
  for (TableRequirement& requirement : commit.requirements) {
    if (auto* ref = std::get_if<AssertRefSnapshotId>(&requirement);
        ref != nullptr && ref->snapshot_id == state.snapshot_id)
      ref->snapshot_id = real.current_snapshot_id;
  }
  return true;
}

}  // namespace weir::iceberg
