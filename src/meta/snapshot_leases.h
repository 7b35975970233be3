// Who still reads which KV snapshot: a leased snapshot must not be deleted.
// Source: Fluss 545c5539 KvSnapshotLeaseManager.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Store;

class SnapshotLeases {
 public:
  /// Leases in `store`, which must outlive this.
  SnapshotLeases(Store& store, const Clock& clock);
  Status Load();

  /// Create the lease or renew it for `duration_ms` from now; the snapshot of each named bucket
  /// replaces what the lease held of that bucket. Durable  on return. Thread: any
  Status Acquire(const std::string& lease, int64_t duration_ms,
                 const std::map<TableBucket, int64_t>& snapshots);
  /// Let go of buckets; a lease without any disappears. Unknown ones are fine.
  Status Release(const std::string& lease, const std::vector<TableBucket>& buckets);
  Status Drop(const std::string& lease);
  Status RemoveExpired();

  bool IsLeased(const TableBucket& bucket, int64_t snapshot_id) const;
  /// The tables a lease touches; empty for an unknown one.
  std::set<TableId> TablesOf(const std::string& lease) const;

 private:
  struct Lease {
    int64_t expires_ms = 0;
    std::map<TableBucket, int64_t> snapshots;
  };
  Status Save(const std::string& name, const Lease& lease);

  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Lease, std::less<>> leases_;
};

}  // namespace weir
