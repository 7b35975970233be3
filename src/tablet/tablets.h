// All buckets of this server, each on the shard that owns it. The only door to a bucket from elsewhere:
//   co_await tablets.Run(bucket, [records](Tablet& tablet) { return tablet.log->Append(records); });
// hops to the owning shard, opens the tablet at its first use, calls the function and comes home with the result.
// Also the housekeeping: syncing segments and releasing the journal, checkpoints, retention, closing what is idle.
// Thread: any, unless a method says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "async/blocking_pool.h"
#include "async/shard.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "io/file.h"
#include "tablet/tablet.h"
#include "tablet/tablets_options.h"

namespace weir {

class GroupCommit;

class Tablets {
 public:
  /// The table of a bucket, as the catalog knows it now; null when it does not exist. Any thread.
  using FindTable = std::function<std::shared_ptr<const TableInfo>(const TableBucket&)>;
  /// Make the key-value half of a new tablet (set by server/ from storage of KV). On the owning shard.
  using OpenKv = std::function<Result<std::shared_ptr<KvTablet>>(Tablet& tablet,
                                                                 const std::string& directory)>;

  struct Environment {
    Shards& shards;
    BlockingPool& pool;
    FileSystem& files;
    const Clock& clock;
    MetricRegistry& metrics;
    FindTable find_table;
    OpenKv open_kv = {};  // may be empty: primary-key tables are then logs only
    /// Numbers below were given out by the catalog when it was opened: a folder with such a number and without its
    /// table or partition was dropped, and is deleted at start.
    TableId tables_end = {};
    PartitionId partitions_end = {};
    /// The first offset of a bucket that the lake does not have; INT64_MAX when it goes to no lake. On any shard.
    std::function<Offset(const TableInfo&, const TableBucket&)> lake_offset = {};
    /// While it is set no rows are accepted: the next start may carry out a failed change of metadata.
    const std::atomic<bool>* metadata_undecided = nullptr;
    /// Called by the housekeeping meanwhile, to try to decide it.
    std::function<void()> decide_metadata = {};
  };

  /// Replay the journal, then be ready. Blocks; called before the shards start or from none of them.
  /// Errors  kStorage
  static Result<std::unique_ptr<Tablets>> Open(TabletsOptions options, Environment environment);
  ~Tablets();

  /// Start the housekeeping; the shards run.
  void Start();
  /// Sync everything, write the checkpoint with the clean mark, drop all tablets. Blocks; from no shard; the
  /// shards still run. Idempotent.
  void Stop();

  /// Call `f(Tablet&)` -> Result<X> on the shard that owns `bucket`.
  /// Errors  kUnknownTableOrBucket  no such table, partition or bucket; kLogStorage, kKvStorage  it cannot be opened
  template <class F, class R = std::invoke_result_t<F, Tablet&>>
  Task<R> Run(TableBucket bucket, F f) {
    Shard& shard = ShardOf(bucket);
    co_return co_await shard.Run([this, bucket, f = std::move(f)]() mutable -> R {
      auto tablet = Open(bucket);
      if (!tablet.has_value()) return Forward(std::move(tablet));
      return f(**tablet);
    });
  }

  Shards& shards();
  Shard& ShardOf(const TableBucket& bucket);

  /// The tablet, opened when needed. On the owning shard only; what it returns stays there.
  Result<std::shared_ptr<Tablet>> Open(const TableBucket& bucket);

  /// The end of a bucket's readable log without opening it: of the open tablet, or as it was last closed or
  /// checkpointed. Nothing when nobody knows. On the owning shard only.
  std::optional<Offset> KnownEnd(const TableBucket& bucket) const;

  /// Hooks of the catalog, called on any thread after the change is durable there.
  void TableDropped(const std::shared_ptr<const TableInfo>& table);
  void PartitionDropped(const std::shared_ptr<const TableInfo>& table, PartitionId partition,
                        const std::string& partition_name);
  void TableChanged(std::shared_ptr<const TableInfo> table);

  /// Whether writes are refused for want of space.
  bool write_locked() const;

  /// One round of housekeeping, now (tests; otherwise a timer does it). Block; from no shard, while the shards run.
  /// Sync every segment and release the journal. Errors: some bucket could not be synced.
  Status SyncNow();
  void ApplyRetentionNow();
  void CloseIdleNow();

  struct ShardGroup {
    int shard = 0;
    std::vector<size_t> indexes;
  };
  std::vector<ShardGroup> GroupByShard(const std::vector<TableBucket>& buckets) const;

 private:
  struct State;
  explicit Tablets(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The directory of a bucket below the data directory: data/{db}/{table}-{id}[/{partition}-p{id}]/{kind}-{bucket}.
std::string BucketDirectory(const TableInfo& table, const TableBucket& bucket,
                            std::string_view kind);
/// The directory of all buckets of a table, or of one partition of it.
std::string TableDirectory(const TableInfo& table);

}  // namespace weir
