// Changes of a table's snapshots, branches and history.
#include <algorithm>

#include "lake/table_change.h"

namespace weir::iceberg {

Status TableChange::operator()(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  if (table_.schemas.empty())
    return RefuseUpdate("attempting to add a snapshot before a schema is added");
  if (table_.FindSnapshot(snapshot.snapshot_id) != nullptr) {
    return RefuseUpdate("snapshot already exists for id: {}", snapshot.snapshot_id);
  }
  if (snapshot.snapshot_id < 0)
    return RefuseUpdate("a snapshot id is negative: id={}", snapshot.snapshot_id);
  if (snapshot.schema_id && table_.FindSchema(*snapshot.schema_id) == nullptr) {
    return RefuseUpdate("a snapshot has an unknown schema: id={}", *snapshot.schema_id);
  }
  const bool no_files = snapshot.manifest_list.empty() && snapshot.manifests.empty();
  if (no_files || (table_.format_version >= 2 && snapshot.manifest_list.empty())) {
    return RefuseUpdate("a snapshot needs a manifest list: id={}", snapshot.snapshot_id);
  }
  if (table_.format_version == 1 && snapshot.sequence_number != 0) {
    return RefuseUpdate("version 1 has no sequence numbers: sequence-number={}",
                        snapshot.sequence_number);
  }
  // Replaced tables begin anew: two replacements beside each other have the same number and no parent.
  if (table_.format_version >= 2 && snapshot.sequence_number <= table_.last_sequence_number &&
      snapshot.parent_snapshot_id) {
    return Fail(ErrorCode::kCommitConflict,
                "Cannot add snapshot with sequence number {} older than last sequence number {}",
                snapshot.sequence_number, table_.last_sequence_number);
  }
  if (table_.format_version >= 3) {
    if (!snapshot.first_row_id) return RefuseUpdate("cannot add a snapshot: first-row-id is null");
    if (!snapshot.added_rows) return RefuseUpdate("cannot add a snapshot: added-rows is null");
    if (*snapshot.first_row_id < table_.next_row_id) {
      return Fail(ErrorCode::kCommitConflict,
                  "Cannot add a snapshot, first-row-id is behind table next-row-id: {} < {}",
                  *snapshot.first_row_id, table_.next_row_id);
    }
    if (*snapshot.added_rows > INT64_MAX - *snapshot.first_row_id) {
      return RefuseUpdate("row ids run out: first-row-id={} added-rows={}", *snapshot.first_row_id,
                          *snapshot.added_rows);
    }
    table_.next_row_id = *snapshot.first_row_id + *snapshot.added_rows;
  }
  if (table_.format_version >= 2) {
    table_.last_sequence_number = std::max(table_.last_sequence_number, snapshot.sequence_number);
  }
  table_.snapshots.push_back(snapshot);
  added_.insert(snapshot.snapshot_id);
  return {};
}

/// Readers refuse a log that goes back in time.
void TableChange::LogCurrent(const Snapshot& snapshot) {
  int64_t time = added_.contains(snapshot.snapshot_id) ? snapshot.timestamp_ms : now_ms_;
  if (!table_.snapshot_log.empty()) time = std::max(time, table_.snapshot_log.back().timestamp_ms);
  table_.snapshot_log.push_back({time, snapshot.snapshot_id});
}

Status TableChange::operator()(const SetSnapshotRef& update) {
  const auto existing = table_.refs.find(update.name);
  if (existing != table_.refs.end() && existing->second == update.ref) return {};
  if (update.name.empty()) return RefuseUpdate("a branch or tag has no name");
  const Snapshot* snapshot = table_.FindSnapshot(update.ref.snapshot_id);
  if (snapshot == nullptr) {
    return RefuseUpdate("cannot set {:.200} to unknown snapshot: {}", update.name,
                        update.ref.snapshot_id);
  }
  if (update.name == kMainBranch) {
    if (update.ref.type != RefType::kBranch) {
      return RefuseUpdate("cannot set main to a tag, it must be a branch");
    }
    if (table_.current_snapshot_id != update.ref.snapshot_id) LogCurrent(*snapshot);
    table_.current_snapshot_id = update.ref.snapshot_id;
  }
  table_.refs[update.name] = update.ref;
  return {};
}

Status TableChange::operator()(const RemoveSnapshotRef& update) {
  if (update.name == kMainBranch) table_.current_snapshot_id.reset();
  table_.refs.erase(update.name);
  return {};
}

Status TableChange::operator()(const RemoveSnapshots& update) {
  const std::set<int64_t> ids(update.snapshot_ids.begin(), update.snapshot_ids.end());
  const auto gone = [&](const auto& item) { return ids.contains(item.snapshot_id); };
  removed_ |= std::erase_if(table_.snapshots, gone) > 0;
  std::erase_if(table_.statistics, gone);
  std::erase_if(table_.partition_statistics, gone);
  std::erase_if(table_.refs, [&](const auto& ref) { return gone(ref.second); });
  if (table_.current_snapshot_id && ids.contains(*table_.current_snapshot_id)) {
    table_.current_snapshot_id.reset();
  }
  return {};
}

/// Snapshots that were current only inside this commit never were. Where one is missing, the history before it
/// is no history any more: time travel there would find something else.
void TableChange::CutSnapshotLog() {
  std::set<int64_t> there;
  for (const Snapshot& snapshot : table_.snapshots) there.insert(snapshot.snapshot_id);
  std::vector<SnapshotLogEntry> kept;
  for (size_t i = 0; i < table_.snapshot_log.size(); ++i) {
    const SnapshotLogEntry& entry = table_.snapshot_log[i];
    const bool passing = i >= log_before_ && added_.contains(entry.snapshot_id) &&
                         entry.snapshot_id != table_.current_snapshot_id;
    if (!there.contains(entry.snapshot_id)) {
      if (removed_) kept.clear();
    } else if (!passing) {
      kept.push_back(entry);
    }
  }
  table_.snapshot_log = std::move(kept);
  const Snapshot* current = table_.current_snapshot();
  if (current != nullptr && (table_.snapshot_log.empty() ||
                             table_.snapshot_log.back().snapshot_id != current->snapshot_id)) {
    LogCurrent(*current);
  }
}

}  // namespace weir::iceberg
