#include "meta/snapshot_leases.h"

#include <algorithm>

#include "meta/bucket_numbers.h"
#include "meta/store.h"

namespace weir {

namespace {

constexpr std::string_view kPrefix = "lease/";

std::string KeyOf(std::string_view lease) { return std::string(kPrefix).append(lease); }

}  // namespace

SnapshotLeases::SnapshotLeases(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

Status SnapshotLeases::Load() {
  for (const auto& [key, value] : store_.Scan(kPrefix)) {
    ASSIGN_OR_RETURN(BucketNumbers record, BucketNumbersFromRecord(value));
    leases_[key.substr(kPrefix.size())] = {.expires_ms = record.expires_ms,
                                           .snapshots = std::move(record.numbers)};
  }
  return {};
}

Status SnapshotLeases::Save(const std::string& name, const Lease& lease) {
  Transaction transaction;
  if (lease.snapshots.empty()) {
    transaction.Delete(KeyOf(name));
  } else {
    transaction.Put(KeyOf(name), ToRecord(BucketNumbers{.expires_ms = lease.expires_ms,
                                                        .numbers = lease.snapshots}));
  }
  return store_.Commit(transaction);
}

Status SnapshotLeases::Acquire(const std::string& lease, int64_t duration_ms,
                               const std::map<TableBucket, int64_t>& snapshots) {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(lease);
  Lease renewed = found == leases_.end() ? Lease{} : found->second;
  if (__builtin_add_overflow(clock_.NowMs(), std::max<int64_t>(duration_ms, 0),
                             &renewed.expires_ms)) {
    renewed.expires_ms = INT64_MAX;
  }
  for (const auto& [bucket, snapshot] : snapshots) renewed.snapshots[bucket] = snapshot;
  if (renewed.snapshots.empty()) return {};
  RETURN_IF_ERROR(Save(lease, renewed));
  leases_.insert_or_assign(lease, std::move(renewed));
  return {};
}

Status SnapshotLeases::Release(const std::string& lease, const std::vector<TableBucket>& buckets) {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return {};
  Lease rest = found->second;
  for (const TableBucket& bucket : buckets) rest.snapshots.erase(bucket);
  RETURN_IF_ERROR(Save(lease, rest));
  if (rest.snapshots.empty()) {
    leases_.erase(found);
  } else {
    found->second = std::move(rest);
  }
  return {};
}

Status SnapshotLeases::Drop(const std::string& lease) {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return {};
  RETURN_IF_ERROR(Save(lease, Lease{}));
  leases_.erase(found);
  return {};
}

Status SnapshotLeases::RemoveExpired() {
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_.NowMs();
  Transaction transaction;
  for (const auto& [name, lease] : leases_) {
    if (lease.expires_ms <= now) transaction.Delete(KeyOf(name));
  }
  if (transaction.empty()) return {};
  RETURN_IF_ERROR(store_.Commit(transaction));
  std::erase_if(leases_, [now](const auto& item) { return item.second.expires_ms <= now; });
  return {};
}

bool SnapshotLeases::IsLeased(const TableBucket& bucket, int64_t snapshot_id) const {
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_.NowMs();
  return std::ranges::any_of(leases_, [&](const auto& item) {
    const auto found = item.second.snapshots.find(bucket);
    return item.second.expires_ms > now && found != item.second.snapshots.end() &&
           found->second == snapshot_id;
  });
}

std::set<TableId> SnapshotLeases::TablesOf(const std::string& lease) const {
  const std::lock_guard lock(mutex_);
  std::set<TableId> out;
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return out;
  for (const auto& [bucket, snapshot] : found->second.snapshots) out.insert(bucket.table);
  return out;
}

}  // namespace weir
