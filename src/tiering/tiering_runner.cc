#include "tiering/tiering_runner.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>

#include "base/guarded.h"
#include "base/log.h"
#include "lake/fluss_layout.h"
#include "meta/store.h"
#include "tiering/covered_offsets.h"
#include "tiering/expired_rows.h"
#include "tiering/round_names.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

/// The longest sleep without looking at the schedule; it is woken when that changes.
constexpr milliseconds kSleepMax{1000};
/// A clock that jumps must not keep a worker from looking.
constexpr milliseconds kSleepMin{1};
/// A table without new rows is looked at no more often, whatever freshness it asks for.
constexpr milliseconds kFreshnessMin{100};
/// Whoever holds a table between rounds is there for about as long.
constexpr milliseconds kBusyPause{10};
/// Rounds that met another commit, in a row. Who commits more often than a round takes would keep it at work for ever.
constexpr int64_t kConflictsWithoutWaitMax = 3;

/// Run `work` on a table's state. Should it throw, it is as after a crash: the round's name says what is to be
/// settled, and nobody knows what of the key index was applied.
template <class F>
auto Survive(RoundState& state, F&& work) -> decltype(work()) {
  return Guarded([&] {
    try {
      return work();
    } catch (...) {
      state.Clear();
      throw;
    }
  });
}

}  // namespace

TieringRunner::Metrics::Metrics(MetricRegistry& registry, const TieringRunner& tiering)
    : MetricGroup(registry),
      pending(*this, "lake_tiering_pending_tables", "Tables that wait for a tiering thread.",
              [&tiering] { return static_cast<double>(tiering.schedule_.pending()); }),
      behind_rows(*this, "lake_tiering_behind_rows",
                  "Log records of all tables that the last rounds left to the next.",
                  [&tiering] {
                    int64_t rows = 0;
                    for (const TieringStatus& one : tiering.Statuses()) rows += one.behind_rows;
                    return static_cast<double>(rows);
                  }),
      lag_seconds(*this, "lake_tiering_lag_seconds",
                  "How long the table that is furthest behind has been so.", [&tiering] {
                    int64_t lag_ms = 0;
                    for (const TieringStatus& one : tiering.Statuses())
                      lag_ms = std::max(lag_ms, one.behind_ms);
                    return static_cast<double>(lag_ms) / 1000;
                  }) {}

TieringRunner::TieringRunner(const TieringOptions& options, TieringMode mode,
                             Environment environment)
    : options_(options),
      mode_(mode),
      env_(environment),
      round_env_{.catalog = env_.catalog,
                 .lake = env_.lake,
                 .io = env_.io,
                 .logs = env_.logs,
                 .states = env_.states,
                 .clock = env_.clock,
                 .options = options_,
                 .index_folder = env_.index_folder},
      schedule_({.backoff_min = options.backoff_min, .backoff_max = options.backoff_max},
                env_.clock),
      metrics_(env_.metrics, *this) {}

TieringRunner::~TieringRunner() { Stop(); }

bool TieringRunner::Handles(const TableInfo& table) const {
  return mode_ != TieringMode::kOff && table.config.lake_enabled &&
         table.config.lake_format == LakeFormat::kIceberg;
}

void TieringRunner::Start() {
  DropOrphans();
  for (const TableRef& table : env_.catalog.Tables()) Follow(table);
  if (mode_ != TieringMode::kInternal) return;
  for (int i = 0; i < options_.threads; ++i) {
    threads_.push_back(std::make_unique<WorkerThread>("tiering", WorkerThread::Priority::kNormal,
                                                      [this] { Work(); }));
  }
}

void TieringRunner::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  done_.notify_all();
}

void TieringRunner::Stop() {
  BeginStop();
  threads_.clear();
}

// ---- Hooks --------------------------------------------------------------------------------------------------

Status TieringRunner::MayChange(const TableInfo& table) const {
  if (!Handles(table)) return {};
  RETURN_IF_ERROR(iceberg::LakeTableOf(table));
  const auto made = env_.lake.FindTieredIdent(table.id);
  const TableRef before = env_.catalog.FindTable(table.id);
  if (made && before != nullptr && LakeIdentOf(*before) != LakeIdentOf(table)) {
    return Fail(ErrorCode::kInvalidAlterTable,
                "table.datalake.database-name and table-name cannot change once the lake table "
                "exists: table={} lake={}",
                table.path.ToString(), made->ToString());
  }
  // Whoever makes a table does not wait for a catalog elsewhere; the first round says what is wrong.
  if (!env_.lake.SharesStore()) return {};
  if (made) return CheckLakeTable(round_env_, table);
  return CheckLakeName(round_env_, table);
}

void TieringRunner::TableCreated(const TableRef& table) {
  if (!Handles(*table)) return;
  if (!env_.lake.SharesStore()) {
    Follow(table);
    schedule_.Hurry(table->id);
    wake_.notify_all();
    return;
  }
  // So that the table is there when CREATE TABLE answers. A round makes it later should this fail.
  if (const auto made = EnsureLakeTable(round_env_, *table); !made.ok())
    LogWarn("tiering", "lake table not made yet: table={} error={}", table->path.ToString(),
            made.error().message);
  Follow(table);
  ForgetIfDropped(table->id);
}

void TieringRunner::TableChanged(const TableRef& table) {
  if (Handles(*table)) {
    Follow(table);
    schedule_.Hurry(table->id);  // the lake table follows at once
  } else {
    schedule_.Remove(table->id);
  }
  wake_.notify_all();
}

void TieringRunner::TableDropped(const TableRef& table) {
  schedule_.Remove(table->id);
  DropLakeTable(table->id);
  if (const Status dropped = env_.catalog.lake_snapshots().Drop(table->id); !dropped.ok())
    LogWarn("tiering", "covered offsets stay behind: {}", dropped.error().message);
  Transaction transaction;
  ForgetRound(table->id, transaction);
  ForgetExpiredRows(table->id, transaction);
  for (const RoundName& aside : FindRoundsAside(env_.catalog.store(), table->id))
    ForgetRoundAside(table->id, aside.snapshot_id, transaction);
  (void)env_.catalog.store().Commit(transaction);
  ForgetTable(table->id);
}

void TieringRunner::ForgetTable(TableId table) {
  const std::lock_guard lock(mutex_);
  tables_.erase(table);
  std::error_code ignored;
  std::filesystem::remove_all(IndexFolderOf(round_env_, table), ignored);
}

/// For who was at work on a table while it was dropped: nothing of that is in the store, which refuses it (NeedTable),
/// but what is not the store's may have come after TableDropped.
void TieringRunner::ForgetIfDropped(TableId table) {
  if (env_.catalog.FindTable(table) != nullptr) return;
  schedule_.Remove(table);
  ForgetTable(table);
  DropUnusedNamespaces();
}

void TieringRunner::DropUnusedNamespaces() {
  std::set<iceberg::Namespace> wanted;
  for (const DatabaseRef& database : env_.catalog.Databases()) wanted.insert({database->name});
  for (const TableRef& table : env_.catalog.Tables()) {
    if (Handles(*table)) wanted.insert(LakeIdentOf(*table).levels);
  }
  const Status dropped = env_.lake.DropUnusedNamespaces(
      [&wanted](const iceberg::Namespace& levels) { return wanted.contains(levels); });
  if (!dropped.ok())
    LogWarn("tiering", "empty namespaces stay behind: {}", dropped.error().message);
}

void TieringRunner::DropLakeTable(TableId table) {
  const Status dropped = env_.lake.DropTiered(table);
  if (!dropped.ok())
    LogWarn("tiering", "lake table stays behind: id={} error={}", table.value,
            dropped.error().message);
}

/// A crash may have come between the end of a table and that of its lake table, namespace, offsets and index.
void TieringRunner::DropOrphans() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(env_.index_folder, ignored)) {
    const int64_t id = std::atoll(entry.path().filename().c_str());
    if (env_.catalog.FindTable(TableId{id}) == nullptr)
      std::filesystem::remove_all(entry.path(), ignored);
  }
  for (const TableId table : env_.catalog.lake_snapshots().Tables()) {
    if (env_.catalog.FindTable(table) == nullptr) (void)env_.catalog.lake_snapshots().Drop(table);
  }
  // By the numbers of tables, not by their metadata: nothing of the object store is needed to start.
  for (TableId id{1}; id < env_.catalog.next_table(); ++id.value) {
    if (env_.catalog.FindTable(id) != nullptr) continue;
    if (env_.lake.FindTieredIdent(id)) DropLakeTable(id);
  }
  DropUnusedNamespaces();
}

std::shared_ptr<TieringRunner::Table> TieringRunner::FindOrMake(TableId id) {
  const std::lock_guard lock(mutex_);
  auto& table = tables_[id];
  if (table == nullptr) table = std::make_shared<Table>();
  return table;
}

void TieringRunner::Follow(const TableRef& table) {
  if (!Handles(*table)) return;
  const auto kept = FindOrMake(table->id);
  {
    const std::lock_guard lock(mutex_);
    kept->status.table = table->id;
    kept->status.path = table->path;
    kept->status.freshness_ms = table->config.lake_freshness.count();
  }
  std::optional<int64_t> tiered_ms;
  if (const auto latest = env_.catalog.lake_snapshots().Latest(table->id))
    tiered_ms = latest->committed_ms;
  schedule_.Set(table->id, std::max(table->config.lake_freshness, kFreshnessMin), tiered_ms);
  wake_.notify_all();
}

// ---- Rounds -------------------------------------------------------------------------------------------------

void TieringRunner::Work() {
  while (true) {
    if (const auto assignment = schedule_.Request()) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      RunRound(*assignment);
      continue;
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    const auto due = schedule_.NextDueMs();
    const milliseconds until(due ? *due - env_.clock.NowMs() : kSleepMax.count());
    wake_.wait_for(lock, std::clamp(until, kSleepMin, kSleepMax));
    if (stopping_) return;
  }
}

void TieringRunner::RunRound(const TieringSchedule::Assignment& assignment) {
  const TableRef table = env_.catalog.FindTable(assignment.table);
  if (table == nullptr) return ForgetIfDropped(assignment.table);
  if (!Handles(*table)) {
    schedule_.Remove(assignment.table);
    return;
  }
  const auto kept = FindOrMake(assignment.table);
  const int64_t started_ms = env_.clock.NowMs();
  const auto alive = [&]() -> Status {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return Fail(ErrorCode::kCancelled, "the server is stopping");
    }
    return schedule_.Renew(assignment.table, assignment.epoch);
  };
  const std::unique_lock round(kept->round, std::try_to_lock);
  if (!round) {
    // Other tables need not wait for whoever is at this one.
    (void)schedule_.Postpone(assignment.table, assignment.epoch, kBusyPause);
    return;
  }
  const Result<RoundResult> result =
      Survive(kept->state, [&] { return RunTieringRound(round_env_, table, kept->state, alive); });
  // What a round says of a table that is gone is no failure.
  if (env_.catalog.FindTable(assignment.table) == nullptr) {
    ForgetIfDropped(assignment.table);
    done_.notify_all();
    return;
  }
  Finished(assignment, *kept, started_ms, result);
}

void TieringRunner::Finished(const TieringSchedule::Assignment& assignment, Table& table,
                             int64_t started_ms, const Result<RoundResult>& result) {
  const int64_t now = env_.clock.NowMs();
  bool stopping = false;
  int64_t failures = 0;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
    TieringStatus& status = table.status;
    failures = status.failures + (result.ok() ? 0 : 1);
    status.failures = result.ok() ? 0 : status.failures + 1;
    status.error = result.ok() ? "" : result.error().message;
    if (result.ok()) {
      status.behind_rows = result->behind;
      table.behind_since_ms = result->behind > 0 ? started_ms : 0;
    }
    if (result.ok() && result->snapshot_id) {
      ++status.rounds;
      status.last_ms = now;
      status.last_duration_ms = now - started_ms;
      status.last_rows = result->rows;
      status.rows += result->rows;
      status.files += result->files;
      status.bytes += result->bytes;
      status.snapshot_id = result->snapshot_id;
    } else if (!result.ok() && table.behind_since_ms == 0) {
      table.behind_since_ms = started_ms;
    }
  }
  if (result.ok()) {
    if (failures > 0)
      LogInfo("tiering", "rounds go on: table={} failures={}", table.status.path.ToString(),
              failures);
    if (result->snapshot_id) {
      metrics_.rounds.Add();
      metrics_.rows.Add(result->rows);
      metrics_.files.Add(result->files);
      metrics_.bytes.Add(result->bytes);
      metrics_.deleted_rows.Add(result->deleted_rows);
      metrics_.round_seconds.ObserveUs((now - started_ms) * 1000);
    }
    (void)schedule_.Finish(
        assignment.table, assignment.epoch,
        result->more ? TieringSchedule::Finished::kForced : TieringSchedule::Finished::kDone);
  } else if (!stopping) {
    metrics_.failures.Add();
    if (IsWorthALine(failures))
      LogWarn("tiering", "round failed: table={} failures={} error={}",
              table.status.path.ToString(), failures, result.error().message);
    const bool soon =
        result.code() == ErrorCode::kCommitConflict && failures <= kConflictsWithoutWaitMax;
    (void)schedule_.Fail(assignment.table, assignment.epoch,
                         soon ? TieringSchedule::Retry::kSoon : TieringSchedule::Retry::kLater);
  }
  done_.notify_all();
}

// ---- Looking at it ------------------------------------------------------------------------------------------

std::vector<TieringStatus> TieringRunner::Statuses() const {
  std::vector<TieringStatus> out;
  const int64_t now = env_.clock.NowMs();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, table] : tables_) {
      out.push_back(table->status);
      if (table->behind_since_ms > 0) out.back().behind_ms = now - table->behind_since_ms;
    }
  }
  std::erase_if(out, [&](TieringStatus& one) {
    const auto entry = schedule_.Find(one.table);
    if (!entry) return true;  // no longer tiered
    one.state = entry->state;
    // A round that takes long, as with an object store that does not answer, is a lag too.
    if (entry->state == TieringState::kTiering)
      one.behind_ms = std::max(one.behind_ms, now - entry->started_ms);
    return false;
  });
  std::ranges::sort(out, {}, [](const TieringStatus& one) { return one.path.ToString(); });
  return out;
}

std::vector<TieringStatus> TieringRunner::StatusesNow() const {
  std::vector<TieringStatus> out = Statuses();
  std::vector<TableBucket> buckets;
  std::vector<size_t> owners;  // of each bucket: its place in `out`
  for (size_t i = 0; i < out.size(); ++i) {
    const TableRef table = env_.catalog.FindTable(out[i].table);
    if (table == nullptr) continue;
    for (const TableBucket& bucket : BucketsOf(*table)) buckets.push_back(bucket);
    owners.resize(buckets.size(), i);
  }
  const auto ends = env_.logs.KnownEnds(buckets);
  if (!ends.ok()) return out;
  std::vector<int64_t> behind(out.size());
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (!(*ends)[i]) continue;  // closed: nothing came since the last round looked at it
    const Offset covered = env_.catalog.lake_snapshots().TieredOffset(buckets[i]);
    behind[owners[i]] += std::max<int64_t>(0, *(*ends)[i] - covered);
  }
  for (size_t i = 0; i < out.size(); ++i)
    out[i].behind_rows = std::max(out[i].behind_rows, behind[i]);
  return out;
}

TieringRunner::Still TieringRunner::HoldStill(TableId id) const {
  std::shared_ptr<Table> table;
  {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(id);
    if (found == tables_.end()) return {};
    table = found->second;
  }
  std::shared_lock lock(table->state.moving);
  auto index = table->state.index();
  return {.table = std::move(table), .lock = std::move(lock), .index = std::move(index)};
}

Status TieringRunner::SyncIndex(const TableInfo& table) {
  return BetweenRounds(table.id, [&](RoundState& state) -> Status {
    ASSIGN_OR_RETURN(const auto lake, env_.lake.FindTiered(table.id));
    if (!lake) return {};
    RETURN_IF_ERROR(SyncKeyIndex(round_env_, table, *lake, state));
    return {};
  });
}

Status TieringRunner::FollowLake(TableId id) {
  // Also of a table that is not tiered any more: what was, is read.
  const auto kept = FindOrMake(id);
  const std::lock_guard round(kept->round);
  Status done = Survive(kept->state, [&]() -> Status {
    ASSIGN_OR_RETURN(const TableRef table, env_.catalog.GetTable(id));
    ASSIGN_OR_RETURN(const auto lake, env_.lake.FindTiered(id));
    return lake ? weir::FollowLake(round_env_, *table, *lake->metadata) : Status();
  });
  ForgetIfDropped(id);
  return done;
}

Status TieringRunner::Adopt(const TableInfo& table, const AdoptRequest& request) {
  return BetweenRounds(table.id, [&](RoundState& state) {
    return AdoptSnapshot(round_env_, table, state, request);
  });
}

Status TieringRunner::BetweenRounds(TableId id, const std::function<Status(RoundState&)>& work) {
  std::shared_ptr<Table> table;
  {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(id);
    if (found == tables_.end())
      return Fail(ErrorCode::kTableNotExist, "the table is not tiered: id={}", id.value);
    table = found->second;
  }
  const std::lock_guard round(table->round);
  Status done = Survive(table->state, [&] { return work(table->state); });
  ForgetIfDropped(id);
  return done;
}

void TieringRunner::SetMaintenanceError(const iceberg::Ident& ident, const std::string& error) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, table] : tables_) {
    if (env_.lake.FindTieredIdent(id) == ident) table->status.maintenance_error = error;
  }
}

Status TieringRunner::TierNow(TableId id, milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  const auto kept = FindOrMake(id);
  const auto goal_of = [&]() -> Result<std::vector<BucketLogs::Range>> {
    ASSIGN_OR_RETURN(const TableRef table, env_.catalog.GetTable(id));
    return env_.logs.Ranges(BucketsOf(*table));
  };
  ASSIGN_OR_RETURN(const TableRef table, env_.catalog.GetTable(id));
  const std::vector<TableBucket> buckets = BucketsOf(*table);
  ASSIGN_OR_RETURN(const auto goal, goal_of());
  while (true) {
    const auto latest = env_.catalog.lake_snapshots().Latest(id);
    bool covered = true;
    for (size_t i = 0; i < buckets.size() && covered; ++i) {
      // A log all of whose rows have expired has nothing to tier; the state of its keys is to be loaded.
      if (goal[i].end <= (table->has_primary_key() ? 0 : goal[i].start)) continue;
      const auto found = latest ? latest->tiered.find(buckets[i]) : LakeOffsets::const_iterator();
      covered = latest && found != latest->tiered.end() && found->second >= goal[i].end;
    }
    if (covered) return {};
    RETURN_IF_ERROR(env_.catalog.GetTable(id));
    schedule_.Hurry(id);
    wake_.notify_all();
    std::unique_lock lock(mutex_);
    if (stopping_ || std::chrono::steady_clock::now() >= deadline) {
      return Fail(ErrorCode::kRequestTimeOut, "the lake is still behind: table={} error={}",
                  table->path.ToString(), kept->status.error);
    }
    done_.wait_for(lock, milliseconds(50));
  }
}

}  // namespace weir
