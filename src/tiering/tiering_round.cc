#include "tiering/tiering_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/log.h"
#include "lake/file_io.h"
#include "lake/snapshot_builder.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"
#include "tiering/earlier_rounds.h"
#include "tiering/expired_rows.h"
#include "tiering/lake_deletes.h"
#include "tiering/round_names.h"
#include "tiering/state_load.h"

namespace weir {
namespace {

constexpr int64_t kIndexIdleMs = 5 * 60'000;
/// Of one round's files, on top of whoever was faster.
constexpr int kCommitsMax = 10;

std::string NewRoundName() {
  std::random_device dice;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", dice(), dice(), dice(), dice());
}

class Round {
 public:
  Round(const RoundEnvironment& environment, const TableRef& table, RoundState& state,
        const std::function<Status()>& alive)
      : env_(environment), table_(table), state_(state), alive_(alive) {}

  Result<RoundResult> Run() {
    RETURN_IF_ERROR(SettleEarlierRounds(env_, *table_));
    RETURN_IF_ERROR(FindWork());
    // Columns come to the lake without rows, too.
    if (nothing_to_do() && state_.lake_checked_ms == table_->modified_ms) {
      CloseIdleIndex();
      return std::move(result_);
    }
    ASSIGN_OR_RETURN(lake_, EnsureLakeTable(env_, *table_));
    state_.lake_checked_ms = table_->modified_ms;
    if (!env_.lake.SharesStore()) RETURN_IF_ERROR(FollowOthers());
    if (nothing_to_do()) return std::move(result_);
    if (loads_.empty()) RETURN_IF_ERROR(OpenIndex());
    const Status done = WriteAndCommit();
    if (!done.ok()) {
      GiveUp(done.error());
      return Forward(done);
    }
    return std::move(result_);
  }

 private:
  // What there is to do.

  bool nothing_to_do() const { return ranges_.empty() && loads_.empty(); }

  Status FindWork() {
    if (const auto latest = env_.catalog.lake_snapshots().Latest(table_->id))
      covered_ = latest->tiered;
    const std::vector<TableBucket> buckets = BucketsOf(*table_);
    if (state_.opened_all) {
      ASSIGN_OR_RETURN(const auto ends, env_.logs.KnownEnds(buckets));
      std::vector<TableBucket> moved;
      for (size_t i = 0; i < buckets.size(); ++i) {
        // Not known: closed since it was looked at, or new.
        if (!ends[i] || *ends[i] != CoveredOf(buckets[i])) moved.push_back(buckets[i]);
      }
      return AddRanges(moved);
    }
    RETURN_IF_ERROR(AddRanges(buckets));
    state_.opened_all = true;
    return {};
  }

  /// What the lake table covers may be other than what was remembered when work was looked for.
  Status FollowOthers() {
    const auto snapshot = [&] { return env_.catalog.lake_snapshots().Latest(table_->id); };
    const auto before = snapshot();
    RETURN_IF_ERROR(FollowLake(env_, *table_, *lake_.metadata));
    const auto after = snapshot();
    if (before.has_value() == after.has_value() &&
        (!after || after->snapshot_id == before->snapshot_id))
      return {};
    covered_.clear();
    ranges_.clear();
    loads_.clear();
    result_.behind = 0;
    return FindWork();
  }

  Offset CoveredOf(const TableBucket& bucket) const {
    const auto found = covered_.find(bucket);
    return found == covered_.end() ? 0 : found->second;
  }

  Status AddRanges(const std::vector<TableBucket>& buckets) {
    if (buckets.empty()) return {};
    ASSIGN_OR_RETURN(const auto ranges, env_.logs.Ranges(buckets));
    std::vector<ExpiredRows> expired;
    for (size_t i = 0; i < buckets.size(); ++i) {
      const Offset covered = CoveredOf(buckets[i]);
      RETURN_IF_ERROR(CheckNotAhead(*table_, buckets[i], covered, ranges[i].end));
      const Offset from = std::max(covered, ranges[i].start);
      if (from > covered && table_->has_primary_key()) {
        // Without the changes between, rows of the lake would be wrong, not only missing.
        loads_.push_back(buckets[i]);
        result_.behind += ranges[i].end - covered;
        continue;
      }
      if (from > covered) expired.push_back({buckets[i], covered, from});
      if (ranges[i].end <= from) continue;
      ranges_.push_back({buckets[i], from, ranges[i].end});
      result_.behind += ranges[i].end - from;
    }
    return NoteExpired(expired);
  }

  Status NoteExpired(const std::vector<ExpiredRows>& expired) const {
    ASSIGN_OR_RETURN(const auto noted, AddExpiredRows(env_.catalog.store(), *table_, expired));
    for (const ExpiredRows& one : noted) {
      LogWarn("tiering",
              "rows had expired before they were to go to the lake, which begins behind them: "
              "table={} partition={} bucket={} offsets=[{},{})",
              table_->path.ToString(), one.bucket.partition ? one.bucket.partition->value : -1,
              one.bucket.bucket, one.from, one.to);
    }
    return {};
  }

  void CloseIdleIndex() {
    if (env_.clock.NowMs() - state_.index_used_ms > kIndexIdleMs) state_.set_index(nullptr);
  }

  Status OpenIndex() {
    if (!NeedsKeyIndex(*table_)) return {};
    ASSIGN_OR_RETURN(index_, SyncKeyIndex(env_, *table_, lake_, state_));
    return {};
  }

  // Doing it.

  Status WriteAndCommit() {
    name_ = {.round = NewRoundName(),
             .location = lake_.metadata->location,
             .snapshot_id = iceberg::NewSnapshotId()};
    RETURN_IF_ERROR(SaveRound(env_.catalog.store(), table_->id, name_));
    ASSIGN_OR_RETURN(const TailRequest request, MakeRequest());
    if (!loads_.empty()) return LoadAndCommit(request);
    ASSIGN_OR_RETURN(Tail tail, WriteTail(request, ranges_, written_));
    ASSIGN_OR_RETURN(LakeDeletes deletes,
                     WriteLakeDeletes(request, table_->config.lake_delete_mode, tail, written_));
    if (tail.parts.empty()) {
      result_.more = false;
      return Forget();
    }
    return Commit(tail, deletes);
  }

  /// As many groups of buckets as a round may read; the log of the others waits for the next round.
  Status LoadAndCommit(const TailRequest& request) {
    ASSIGN_OR_RETURN(const auto groups,
                     PlanLoads(env_.io, *table_, *lake_.metadata, BucketsOf(*table_), loads_));
    Tail tail;
    LakeDeletes deletes;
    for (const LoadGroup& group : groups) {
      tail.stopped_early = tail.log_bytes >= request.limits.log_bytes_max;
      if (tail.stopped_early) break;
      for (const TableBucket& bucket : group.buckets) {
        ASSIGN_OR_RETURN(StateLoad load, WriteState(request, env_.states, bucket, written_));
        tail.rows += load.rows;
        tail.log_bytes += load.bytes;
        tail.parts.push_back(std::move(load.part));
      }
      deletes.removed.insert(deletes.removed.end(), group.replaced.begin(), group.replaced.end());
      for (const iceberg::FileKey& file : group.replaced)
        deletes.removed_data_files.push_back(file.path);
    }
    tail.stopped_early |= !ranges_.empty();
    RETURN_IF_ERROR(Commit(tail, deletes));
    LogInfo("tiering",
            "loaded from the state, the changes had expired: table={} buckets={} rows={}",
            table_->path.ToString(), tail.parts.size(), tail.rows);
    return {};
  }

  Result<TailRequest> MakeRequest() {
    TailRequest request{
        .table = table_,
        .lake = lake_.metadata.get(),
        .logs = &env_.logs,
        .io = &env_.io,
        .index = index_.get(),
        .folder = DataFolder(),
        .new_name = [this] { return fmt::format("{}-{:05}", name_.round, files_++); },
        .alive = alive_};
    ASSIGN_OR_RETURN(request.parquet,
                     iceberg::ParquetWriterOptions::FromProperties(lake_.metadata->properties));
    const int64_t memory = env_.options.memory_bytes_max / std::max(1, env_.options.threads);
    // A row group is held whole before it is written, and twice while it is.
    request.parquet.row_group_bytes = std::min(request.parquet.row_group_bytes, memory / 4);
    request.limits.file_bytes_target = env_.options.file_bytes_target;
    request.limits.log_bytes_max = 8 * env_.options.file_bytes_target;
    request.limits.memory_bytes_max = memory / 3;
    return request;
  }

  std::string DataFolder() const {
    const std::string_view configured = lake_.metadata->Property("write.data.path");
    return configured.empty() ? lake_.metadata->location + "/data" : std::string(configured);
  }

  Status Commit(Tail& tail, LakeDeletes& deletes) {
    RETURN_IF_ERROR(MakeDurable(tail));
    iceberg::SnapshotChange change = ChangeOf(tail, deletes);
    const LakeOffsets offsets = OffsetsAfter(tail);
    const std::string path =
        fmt::format("{}/metadata/{}.offsets", lake_.metadata->location, name_.round);
    written_.push_back(path);
    RETURN_IF_ERROR(env_.io.WriteNew(path, ToOffsetsJson(table_->id, offsets)));
    change.summary = {{kCommitUserKey, kCommitUser}, {kOffsetsKey, path}};
    Status committed = CommitOnce(change, tail, deletes, offsets);
    for (int times = 1; committed.code() == ErrorCode::kCommitConflict && times < kCommitsMax;
         ++times) {
      RETURN_IF_ERROR(alive_());
      ASSIGN_OR_RETURN(const bool follows, FollowHead());
      if (!follows) break;
      committed = CommitOnce(change, tail, deletes, offsets);
    }
    return committed;
  }

  Status CommitOnce(const iceberg::SnapshotChange& change, const Tail& tail,
                    const LakeDeletes& deletes, const LakeOffsets& offsets) {
    committing_ = false;
    const std::string& path = change.summary.at(kOffsetsKey);
    ASSIGN_OR_RETURN(iceberg::NewSnapshot built,
                     iceberg::BuildSnapshot(env_.io, *lake_.metadata, change));
    written_.insert(written_.end(), built.written_files.begin(), built.written_files.end());

    Transaction extra;
    LakeSnapshots::Change record = env_.catalog.lake_snapshots().Add(
        table_->id,
        {.snapshot_id = name_.snapshot_id,
         .tiered = offsets,
         .tiered_path = path,
         .readable = offsets,
         .readable_path = path},
        {LakeSnapshots::Keep::Kind::kNewest, env_.options.snapshots_kept}, extra);
    ForgetRound(table_->id, extra);
    if (!env_.lake.SharesStore()) {
      name_.sequence_number = built.snapshot.sequence_number;
      name_.asked_ms = env_.clock.NowMs();
      RETURN_IF_ERROR(SaveRound(env_.catalog.store(), table_->id, name_));
    }
    committing_ = true;
    const auto committed = env_.lake.Commit({.ident = lake_.ident,
                                             .requirements = std::move(built.requirements),
                                             .updates = std::move(built.updates)},
                                            &extra);
    if (committed.code() == ErrorCode::kCommitConflict) {
      // Refused, so nothing leads to them.
      for (const std::string& file : built.written_files) (void)env_.io.Delete(file);
    }
    RETURN_IF_ERROR(committed);
    const std::lock_guard moving(state_.moving);
    env_.catalog.lake_snapshots().Applied(std::move(record));
    AfterCommit(tail, deletes, offsets);
    return {};
  }

  /// After a conflict: take the table as it is now. False when what was written does not fit it. Rows that only come
  /// to others fit whoever was faster, as long as he left the shape of the table and the covered offsets as they were;
  /// deletes may be about files that are gone.
  Result<bool> FollowHead() {
    if (table_->has_primary_key()) return false;
    ASSIGN_OR_RETURN(auto now, env_.lake.FindTiered(table_->id));
    if (!now) return false;
    const iceberg::TableMetadata& before = *lake_.metadata;
    const iceberg::TableMetadata& after = *now->metadata;
    if (after.table_uuid != before.table_uuid || after.location != before.location ||
        after.format_version != before.format_version || after.schemas != before.schemas ||
        after.default_spec_id != before.default_spec_id)
      return false;
    const auto covered =
        CoveredBy(env_.io, after, table_->id, env_.catalog.lake_snapshots().Latest(table_->id));
    if (!covered.ok() || (*covered ? (*covered)->tiered : LakeOffsets()) != covered_) return false;
    lake_ = *std::move(now);
    return true;
  }

  /// INV-5: a log that loses offsets which the lake covers would give them to other rows.
  Status MakeDurable(const Tail& tail) {
    std::vector<TableBucket> buckets;
    for (const TailPart& part : tail.parts) buckets.push_back(part.bucket);
    return env_.logs.MakeDurable(buckets);
  }

  iceberg::SnapshotChange ChangeOf(const Tail& tail, const LakeDeletes& deletes) {
    iceberg::SnapshotChange change{.snapshot_id = name_.snapshot_id,
                                   .timestamp_ms = env_.clock.NowMs()};
    for (const TailPart& part : tail.parts) {
      change.added.insert(change.added.end(), part.data.begin(), part.data.end());
      for (const auto& [path, rows] : part.deleted) result_.deleted_rows += rows.size();
    }
    const bool appends = !change.added.empty();
    change.added.insert(change.added.end(), deletes.added.begin(), deletes.added.end());
    change.removed = deletes.removed;
    if (!deletes.added.empty() || !deletes.removed.empty()) {
      change.operation =
          appends ? iceberg::SnapshotOperation::kOverwrite : iceberg::SnapshotOperation::kDelete;
      if (!deletes.removed_data_files.empty())
        change.operation = iceberg::SnapshotOperation::kOverwrite;
    }
    result_.files = static_cast<int64_t>(change.added.size());
    for (const iceberg::DataFile& file : change.added) result_.bytes += file.file_size_bytes;
    return change;
  }

  /// Those of before, but of partitions that are gone, and those of this round.
  LakeOffsets OffsetsAfter(const Tail& tail) const {
    LakeOffsets offsets = covered_;
    std::erase_if(offsets, [&](const auto& entry) {
      return entry.first.partition && table_->FindPartition(*entry.first.partition) == nullptr;
    });
    for (const TailPart& part : tail.parts) offsets[part.bucket] = part.end;
    return offsets;
  }

  void AfterCommit(const Tail& tail, const LakeDeletes& deletes, const LakeOffsets& offsets) {
    // After a load there are no keys in memory: like after a failure, the next round reads from the lake what the
    // index lacks.
    if (index_ != nullptr) {
      const Status applied =
          index_->Apply(tail.keys, deletes.removed_data_files, name_.snapshot_id);
      if (!applied.ok()) DropIndex(state_, applied.error());
    }
    for (const TailPart& part : tail.parts) {
      env_.logs.Release(part.bucket, part.end);
    }
    result_.snapshot_id = name_.snapshot_id;
    result_.rows = tail.rows;
    result_.more = tail.stopped_early;
    result_.behind = 0;
    for (const TailRange& range : ranges_) {
      const auto covered = offsets.find(range.bucket);
      if (covered != offsets.end() && covered->second < range.to)
        result_.behind += range.to - covered->second;
    }
  }

  // When it did not work.

  Status Forget() {
    Transaction transaction;
    ForgetRound(table_->id, transaction);
    return env_.catalog.store().Commit(transaction);
  }

  void GiveUp(const Error& why) {
    // It may have happened: whoever comes next knows, and sweeps if it did not.
    const bool refused = why.code == ErrorCode::kCommitConflict ||
                         why.code == ErrorCode::kInvalidTable ||
                         why.code == ErrorCode::kTableNotExist ||
                         (!env_.lake.SharesStore() && why.code != ErrorCode::kCommitStateUnknown);
    if (committing_ && !refused) return;
    bool all_gone = true;
    for (const std::string& path : written_) all_gone &= env_.io.Delete(path).ok();
    if (all_gone && !name_.round.empty()) (void)Forget();
  }

  const RoundEnvironment& env_;
  const TableRef table_;
  RoundState& state_;
  const std::function<Status()>& alive_;
  std::shared_ptr<KeyIndex> index_;
  LakeOffsets covered_;
  std::vector<TailRange> ranges_;
  std::vector<TableBucket> loads_;  // of a primary-key table: their changes have expired
  iceberg::LoadedTable lake_;
  RoundName name_;
  int files_ = 0;
  bool committing_ = false;  // the commit was begun
  std::vector<std::string> written_;
  RoundResult result_;
};

}  // namespace

void DropIndex(RoundState& state, const Error& why) {
  LogWarn("tiering", "the key index is opened again and follows the lake: {}", why.message);
  state.set_index(nullptr);
}

Result<std::shared_ptr<KeyIndex>> SyncKeyIndex(const RoundEnvironment& environment,
                                               const TableInfo& table,
                                               const iceberg::LoadedTable& lake,
                                               RoundState& state) {
  // Who reads beside the rounds finds the rows of one snapshot, never those of two.
  const std::lock_guard moving(state.moving);
  state.index_used_ms = environment.clock.NowMs();
  std::shared_ptr<KeyIndex> index = state.index();
  if (index != nullptr && index->has_failed()) {
    // A look-up that failed; a commit that did has dropped it already.
    state.set_index(nullptr);
    index.reset();
  }
  if (index == nullptr) {
    ASSIGN_OR_RETURN(index, KeyIndex::Open(IndexFolderOf(environment, table.id)));
  }
  ASSIGN_OR_RETURN(const LakeKeys keys, LakeKeys::Create(table, lake.metadata->current_schema()));
  const auto synced = index->Sync(environment.io, *lake.metadata, keys);
  // A store that met a full disk takes no writes until it is opened again.
  state.set_index(synced.ok() ? index : nullptr);
  if (!synced.ok()) return Forward(synced);
  return index;
}

Result<RoundResult> RunTieringRound(const RoundEnvironment& environment, const TableRef& table,
                                    RoundState& state, const std::function<Status()>& alive) {
  return Round(environment, table, state, alive).Run();
}

}  // namespace weir
