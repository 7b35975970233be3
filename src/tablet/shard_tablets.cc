#include "tablet/shard_tablets.h"

#include <algorithm>

#include "base/log.h"
#include "tablet/group_commit.h"
#include "tablet/kv_tablet.h"

namespace weir {
namespace {

constexpr int64_t kWriteBackBytesMin = 256 * KiB;

/// INV-5: offsets that the lake covers must not be given to other rows, which nobody would ever see.
Status CheckHasWhatLakeHas(const LogTablet& log) {
  const Offset lake = log.lake_offset();
  if (lake == INT64_MAX || lake <= log.end_offset()) return {};
  return Fail(ErrorCode::kLogStorage,
              "the log ends before what the lake has, bring its files back: directory={} end={} "
              "lake={}",
              log.options().directory, log.end_offset(), lake);
}

}  // namespace

ShardTablets::ShardTablets(int shard, const TabletsOptions& options,
                           const Tablets::Environment& environment, GroupCommit& commits,
                           std::atomic<bool>& write_locked, size_t open_files_max)
    : shard_(shard),
      options_(options),
      env_(environment),
      commits_(commits),
      write_locked_(write_locked),
      open_files_(environment.files, open_files_max) {}

void ShardTablets::Configure(LogTablet& log, const TableInfo& table) {
  if (env_.lake_offset) log.set_lake_offset(env_.lake_offset(table, log.options().bucket));
  log.set_durability(table.config.durability);
  log.set_retention_ms(table.config.log_ttl.count());
}

Result<std::shared_ptr<Tablet>> ShardTablets::Open(const TableBucket& bucket) {
  const auto known = tablets_.find(bucket);
  if (known != tablets_.end()) {
    known->second->used_ms = env_.clock.NowMs();
    return known->second;
  }
  const auto table = env_.find_table(bucket);
  if (table == nullptr || bucket.bucket < 0 || bucket.bucket >= table->bucket_count() ||
      bucket.partition.has_value() != table->is_partitioned() ||
      (bucket.partition.has_value() && table->FindPartition(*bucket.partition) == nullptr)) {
    return Fail(ErrorCode::kUnknownTableOrBucket, "no such bucket: table={} bucket={}",
                bucket.table.value, bucket.bucket);
  }
  auto tablet = std::make_shared<Tablet>();
  tablet->bucket = bucket;
  tablet->table = table;
  const auto point = points_.find(bucket);
  const auto pending = pending_.find(bucket);
  if (pending != pending_.end() && pending->second.blocked) {
    return Fail(ErrorCode::kLogStorage,
                "bucket could not be recovered, make space and start again: directory={}",
                pending->second.directory);
  }
  ASSIGN_OR_RETURN(
      tablet->log,
      LogTablet::Open(
          {.bucket = bucket,
           .directory = BucketDirectory(*table, bucket, "log"),
           .log = options_.log},
          {.files = &env_.files,
           .data_directory = options_.data_directory,
           .clock = &env_.clock,
           .open_files = &open_files_,
           .commits = &commits_,
           .shard = shard_,
           .write_locked = &write_locked_,
           .metadata_undecided = env_.metadata_undecided,
           .recovery_point =
               point == points_.end() ? std::nullopt : std::optional<RecoveryPoint>(point->second),
           .journaled = pending == pending_.end() ? nullptr : &pending->second}));
  if (pending != pending_.end()) pending->second.applied = true;
  Configure(*tablet->log, *table);
  RETURN_IF_ERROR(CheckHasWhatLakeHas(*tablet->log));
  if (table->has_primary_key() && env_.open_kv) {
    const std::string directory =
        options_.data_directory + "/" + BucketDirectory(*table, bucket, "kv");
    ASSIGN_OR_RETURN(tablet->kv, env_.open_kv(*tablet, directory));
  }
  tablet->used_ms = env_.clock.NowMs();
  tablets_.emplace(bucket, tablet);
  return tablet;
}

std::optional<Offset> ShardTablets::KnownEnd(const TableBucket& bucket) const {
  if (const auto open = tablets_.find(bucket); open != tablets_.end())
    return open->second->log->high_watermark();
  const auto point = points_.find(bucket);
  const auto pending = pending_.find(bucket);
  if (point == points_.end() && pending == pending_.end()) return std::nullopt;
  return std::max(point == points_.end() ? 0 : point->second.offset,
                  pending == pending_.end() ? 0 : pending->second.end_offset());
}

void ShardTablets::SetPending(const TableBucket& bucket, PendingLog log) {
  pending_.emplace(bucket, std::move(log));
  not_home_.push_back(bucket);
}

bool ShardTablets::BringHome(size_t count, Points& points) {
  for (; count > 0 && !not_home_.empty(); --count) {
    const TableBucket bucket = not_home_.back();
    not_home_.pop_back();
    const auto pending = pending_.find(bucket);
    if (pending == pending_.end() || pending->second.applied) continue;
    if (pending->second.blocked) {
      failed_home_.push_back(bucket);
      continue;
    }
    const auto point = points_.find(bucket);
    const auto home = weir::BringHome(
        open_files_, options_.data_directory, options_.log,
        point == points_.end() ? std::nullopt : std::optional<RecoveryPoint>(point->second),
        pending->second);
    if (home.ok()) {
      pending->second.applied = true;
      points.emplace_back(bucket, *home);
    } else {
      LogError("tablet", "journal cannot be brought home: directory={} error={}",
               pending->second.directory, home.error().message);
      failed_home_.push_back(bucket);
    }
  }
  return !not_home_.empty();
}

void ShardTablets::SuspectHome(const Points& points) {
  for (const auto& [bucket, home] : points) {
    const auto pending = pending_.find(bucket);
    if (pending == pending_.end()) continue;  // dropped
    const auto point = points_.find(bucket);
    weir::SuspectHome(
        env_.files, options_.data_directory,
        point == points_.end() ? std::nullopt : std::optional<RecoveryPoint>(point->second),
        pending->second);
  }
}

bool ShardTablets::FinishBringHome(const Points& points) {
  for (const auto& [bucket, point] : points) {
    // Somebody may have opened it meanwhile, then its own syncs count; or dropped it.
    if (!pending_.contains(bucket) || tablets_.contains(bucket)) continue;
    const auto known = points_.try_emplace(bucket, point).first;
    if (known->second.offset < point.offset) known->second = point;
  }
  not_home_.swap(failed_home_);
  return not_home_.empty();
}

std::vector<ShardTablets::Dropped> ShardTablets::Drop(TableId table,
                                                      std::optional<PartitionId> partition) {
  const auto gone = [&](const TableBucket& bucket) {
    return bucket.table == table && (!partition.has_value() || bucket.partition == partition);
  };
  std::vector<Dropped> dropped;
  std::erase_if(tablets_, [&](const auto& entry) {
    if (!gone(entry.first)) return false;
    dropped.push_back({.tablet = entry.second});
    return true;
  });
  std::erase_if(points_, [&](const auto& entry) { return gone(entry.first); });
  std::erase_if(pending_, [&](const auto& entry) { return gone(entry.first); });
  const Status why = Fail(ErrorCode::kUnknownTableOrBucket,
                          "table or partition was dropped: table={}", table.value);
  for (Dropped& one : dropped) {
    if (one.tablet->kv != nullptr) one.wait = one.tablet->kv->StopWriteBack(why);
    one.tablet->log->Abandon(why);
  }
  return dropped;
}

void ShardTablets::Change(const std::shared_ptr<const TableInfo>& table) {
  for (auto& [bucket, tablet] : tablets_) {
    if (bucket.table != table->id) continue;
    tablet->table = table;
    Configure(*tablet->log, *table);
    if (tablet->kv == nullptr) continue;
    if (const Status changed = tablet->kv->SetTable(table); !changed.ok()) {
      LogWarn("tablet", "primary-key tablet goes on with the old table: {}",
              changed.error().message);
    }
  }
}

void ShardTablets::DropAll(const Status& why) {
  const auto tablets = std::move(tablets_);
  tablets_.clear();
  for (const auto& [bucket, tablet] : tablets) {
    tablet->kv.reset();
    tablet->log->Abandon(why);
  }
}

std::vector<TableBucket> ShardTablets::Buckets() const {
  std::vector<TableBucket> buckets;
  buckets.reserve(tablets_.size());
  for (const auto& [bucket, tablet] : tablets_) buckets.push_back(bucket);
  return buckets;
}

std::vector<RepairJob> ShardTablets::BeginRepair(const std::vector<TableBucket>& buckets,
                                                 size_t from, size_t count) {
  std::vector<RepairJob> jobs;
  for (size_t i = from; i < std::min(from + count, buckets.size()); ++i) {
    const auto known = tablets_.find(buckets[i]);
    if (known == tablets_.end()) continue;
    auto repairs = known->second->log->BeginRepair();
    if (!repairs.ok()) {
      LogError("tablet", "bucket cannot be repaired: {}", repairs.error().message);
      continue;
    }
    for (SegmentRepair& repair : *repairs)
      jobs.push_back({known->second->log, std::move(repair), {}});
  }
  return jobs;
}

void ShardTablets::FinishRepair(const std::vector<RepairJob>& jobs) {
  for (const RepairJob& job : jobs) job.log->FinishRepair(job.repair, job.status);
}

std::vector<SyncJob> ShardTablets::BeginSync(const std::vector<TableBucket>& buckets, size_t from,
                                             size_t count, bool& failed) {
  std::vector<SyncJob> jobs;
  for (size_t i = from; i < std::min(from + count, buckets.size()); ++i) {
    const auto known = tablets_.find(buckets[i]);
    if (known == tablets_.end()) continue;
    auto ticket = known->second->log->BeginSync();
    if (!ticket.ok()) {
      LogError("tablet", "bucket cannot be synced: {}", ticket.error().message);
      failed = true;
    } else if (ticket->has_value()) {
      jobs.push_back({known->second->log, std::move(**ticket), {}});
    }
  }
  return jobs;
}

Status ShardTablets::FinishSync(const std::vector<SyncJob>& jobs) {
  Status status;
  for (const SyncJob& job : jobs) {
    job.log->FinishSync(job.ticket, job.status);
    const TableBucket& bucket = job.log->options().bucket;
    if (!tablets_.contains(bucket)) continue;
    points_[bucket] = job.log->log().recovery_point();
    if (!job.status.ok()) status = job.status;
  }
  return status;
}

std::vector<std::string> ShardTablets::ApplyRetention() {
  std::vector<std::string> doomed;
  for (const auto& [bucket, tablet] : tablets_) {
    auto removed = tablet->log->ApplyRetention();
    if (removed.ok()) {
      doomed.insert(doomed.end(), removed->begin(), removed->end());
    } else {
      LogWarn("tablet", "retention failed: {}", removed.error().message);
    }
  }
  return doomed;
}

void ShardTablets::CloseIdle(int64_t idle_since_ms) {
  std::erase_if(tablets_, [&](const auto& entry) {
    const auto& [bucket, tablet] = entry;
    if (tablet->used_ms > idle_since_ms || tablet->log->log().unsynced_bytes() > 0) return false;
    if (const Status closed = tablet->log->CloseFiles(); !closed.ok()) {
      LogWarn("tablet", "could not close an idle bucket: {}", closed.error().message);
    }
    points_[bucket] = tablet->log->log().recovery_point();
    // Whoever waits for new data keeps the tablet; primary-key state decides for itself what to unload.
    return tablet->kv == nullptr && !tablet->log->busy() && tablet.use_count() == 1;
  });
}

void ShardTablets::TickKv(int64_t now_ms) {
  for (const auto& [bucket, tablet] : tablets_) {
    if (tablet->kv != nullptr) tablet->kv->Tick(now_ms);
  }
}

void ShardTablets::WriteBackAll(std::function<void()> done) {
  // One share for this loop: `done` must not run before all were started.
  const auto left = std::make_shared<size_t>(1);
  const auto finish = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  for (const auto& [bucket, tablet] : tablets_) {
    // A folder for a few rows takes longer to make than the rows to replay.
    if (tablet->kv == nullptr || tablet->kv->unwritten_log_bytes() < kWriteBackBytesMin) continue;
    // A write-back waits for the log to be durable, and nobody is left who would try again.
    if (tablet->log->high_watermark() < tablet->log->end_offset()) {
      LogWarn("tablet", "bucket is not written back, its log could not be synced: directory={}",
              tablet->log->options().directory);
      continue;
    }
    ++*left;
    tablet->kv->StartWriteBack([finish](const Status& status) {
      if (!status.ok()) {
        LogWarn("tablet", "could not write a bucket back, its log will be replayed: {}",
                status.error().message);
      }
      finish();
    });
  }
  finish();
}

void ShardTablets::CloseAll() {
  for (const auto& [bucket, tablet] : tablets_) {
    if (const Status closed = tablet->log->CloseFiles(); !closed.ok()) {
      LogWarn("tablet", "could not close a bucket: {}", closed.error().message);
    }
    points_[bucket] = tablet->log->log().recovery_point();
  }
}

ShardTablets::Points ShardTablets::RecoveryPoints() const {
  return {points_.begin(), points_.end()};
}

int64_t ShardTablets::unsynced_bytes() const {
  int64_t sum = 0;
  for (const auto& [bucket, tablet] : tablets_) sum += tablet->log->log().unsynced_bytes();
  return sum;
}

}  // namespace weir
