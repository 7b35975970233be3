#include "lake/expire_snapshots.h"

#include <algorithm>
#include <charconv>

#include "lake/file_io.h"
#include "lake/location_rules.h"
#include "lake/table_files.h"

namespace weir::iceberg {
namespace {

std::optional<int64_t> NumberOf(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

class ExpiryPlanner {
 public:
  ExpiryPlanner(const TableMetadata& table, const ExpireOptions& options, int64_t now_ms)
      : table_(table), options_(options), now_ms_(now_ms) {}

  ExpirePlan Plan() {
    if (!ReadProperties() || table_.Property("gc.enabled", "true") == "false") return {};
    ExpirePlan plan;
    kept_ = options_.pinned;
    std::set<int64_t> on_branches;
    for (const auto& [name, ref] : table_.refs) {
      const Snapshot* head = table_.FindSnapshot(ref.snapshot_id);
      if (head == nullptr || RefIsOver(name, ref, *head)) {
        plan.refs.push_back(name);
        continue;
      }
      kept_.insert(ref.snapshot_id);
      if (ref.type == RefType::kBranch) KeepBranch(ref, on_branches);
    }
    if (table_.current_snapshot_id) kept_.insert(*table_.current_snapshot_id);
    for (const Snapshot& snapshot : table_.snapshots) {
      if (kept_.contains(snapshot.snapshot_id)) continue;
      // On no branch: it may be staged, and whoever did that has as long as anybody else.
      const bool lost = !on_branches.contains(snapshot.snapshot_id);
      if (lost && snapshot.timestamp_ms > now_ms_ - age_ms_) continue;
      if (WasCurrentUntilNow(snapshot.snapshot_id)) continue;
      plan.snapshots.push_back(snapshot.snapshot_id);
    }
    AddUpdates(plan);
    return plan;
  }

 private:
  bool ReadProperties() {
    const std::string_view age = table_.Property("history.expire.max-snapshot-age-ms");
    const std::string_view least = table_.Property("history.expire.min-snapshots-to-keep");
    const std::string_view ref_age = table_.Property("history.expire.max-ref-age-ms");
    const auto age_number = age.empty() ? options_.snapshot_age_ms : NumberOf(age);
    const auto least_number =
        least.empty() ? std::optional<int64_t>(options_.snapshots_min) : NumberOf(least);
    const auto ref_number = ref_age.empty() ? std::optional<int64_t>(INT64_MAX) : NumberOf(ref_age);
    if (!age_number || !least_number || !ref_number) return false;
    age_ms_ = *age_number;
    least_ = std::max<int64_t>(1, *least_number);
    ref_age_ms_ = *ref_number;
    if (age.empty() && options_.snapshots_max > 0) most_ = options_.snapshots_max;
    return true;
  }

  bool RefIsOver(const std::string& name, const SnapshotRef& ref, const Snapshot& head) const {
    const int64_t age = ref.max_ref_age_ms.value_or(ref_age_ms_);
    return name != kMainBranch && now_ms_ - head.timestamp_ms > age;
  }

  /// A reader is still on a snapshot that was current when it began, however old that is.
  bool InGrace(int64_t replaced_ms) const {
    return replaced_ms > now_ms_ - options_.reader_grace_ms;
  }

  /// Also of a snapshot that is on no branch any more, after a rollback.
  bool WasCurrentUntilNow(int64_t snapshot_id) const {
    const auto& log = table_.snapshot_log;
    for (size_t i = 1; i < log.size(); ++i) {
      if (log[i - 1].snapshot_id == snapshot_id && InGrace(log[i].timestamp_ms)) return true;
    }
    return false;
  }

  void KeepBranch(const SnapshotRef& ref, std::set<int64_t>& on_branches) {
    const int64_t least = std::max<int64_t>(ref.min_snapshots_to_keep.value_or(0), least_);
    const bool own_rule = ref.min_snapshots_to_keep || ref.max_snapshot_age_ms;
    const int64_t oldest = now_ms_ - ref.max_snapshot_age_ms.value_or(age_ms_);
    int64_t count = 0;
    int64_t replaced_ms = now_ms_;
    const Snapshot* at = table_.FindSnapshot(ref.snapshot_id);
    // The parents may form a circle in metadata that somebody damaged.
    while (at != nullptr && on_branches.size() <= table_.snapshots.size() * 2) {
      const bool seen = !on_branches.insert(at->snapshot_id).second;
      ++count;
      const bool young = at->timestamp_ms >= oldest;
      const bool too_many = !own_rule && most_ > 0 && count > most_;
      if (count <= least || (young && !too_many) || InGrace(replaced_ms)) {
        kept_.insert(at->snapshot_id);
      }
      replaced_ms = at->timestamp_ms;
      if (seen && count > static_cast<int64_t>(table_.snapshots.size())) return;
      at = at->parent_snapshot_id ? table_.FindSnapshot(*at->parent_snapshot_id) : nullptr;
    }
  }

  void AddUpdates(ExpirePlan& plan) const {
    if (plan.snapshots.empty() && plan.refs.empty()) return;
    plan.requirements.push_back(AssertTableUuid{table_.table_uuid});
    // A branch or tag made meanwhile may need what we take.
    for (const auto& [name, ref] : table_.refs) {
      plan.requirements.push_back(AssertRefSnapshotId{name, ref.snapshot_id});
    }
    for (const std::string& name : plan.refs) plan.updates.push_back(RemoveSnapshotRef{name});
    if (!plan.snapshots.empty()) plan.updates.push_back(RemoveSnapshots{plan.snapshots});
  }

  const TableMetadata& table_;
  const ExpireOptions& options_;
  const int64_t now_ms_;
  int64_t age_ms_ = 0;
  int64_t least_ = 1;
  int64_t most_ = 0;
  int64_t ref_age_ms_ = 0;
  std::set<int64_t> kept_;
};

}  // namespace

ExpirePlan PlanExpiry(const TableMetadata& table, const ExpireOptions& options, int64_t now_ms) {
  return ExpiryPlanner(table, options, now_ms).Plan();
}

Result<int64_t> DeleteExpiredFiles(FileIo& io, const TableMetadata& before,
                                   const TableMetadata& after, const std::set<std::string>& keep) {
  std::vector<const Snapshot*> expired;
  for (const Snapshot& snapshot : before.snapshots) {
    if (after.FindSnapshot(snapshot.snapshot_id) == nullptr) expired.push_back(&snapshot);
  }
  std::set<std::string> candidates;
  RETURN_IF_ERROR(CollectFiles(io, before, expired, RemovedEntries::kTakeIn, candidates));
  std::vector<const Snapshot*> retained;
  for (const Snapshot& snapshot : after.snapshots) retained.push_back(&snapshot);
  std::set<std::string> needed = keep;
  RETURN_IF_ERROR(CollectFiles(io, after, retained, RemovedEntries::kLeaveOut, needed));
  int64_t deleted = 0;
  for (const std::string& file : candidates) {
    // A registered table may lead to files of others: those are not ours to delete.
    if (needed.contains(file) || !IsBelow(file, after.location)) continue;
    RETURN_IF_ERROR(io.Delete(file));
    ++deleted;
  }
  return deleted;
}

}  // namespace weir::iceberg
