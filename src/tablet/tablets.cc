#include "tablet/tablets.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>

#include "async/worker_thread.h"
#include "base/log.h"
#include "base/machine.h"
#include "storage/checkpoint.h"
#include "tablet/group_commit.h"
#include "tablet/leftovers.h"
#include "tablet/replay.h"
#include "tablet/shard_tablets.h"

namespace weir {
namespace {

constexpr size_t kSyncsAtOnce = 64;  // files held open while a shard's buckets are synced
constexpr size_t kSyncAllFrom =
    16;  // of these: one call for the file system is cheaper than theirs
constexpr size_t kBringHomeAtOnce = 8;  // buckets, about a millisecond of their shard
constexpr int64_t kSpaceCheckMs = 1000;
constexpr size_t kOpenFilesMin = 64;
constexpr const char* kTrash = "data/.dropped";

size_t OpenFilesBudget(size_t wanted) {
  if (wanted > 0) return wanted;
  return std::max<size_t>(kOpenFilesMin, std::min<size_t>(OpenFileLimit(), 65536) / 4);
}

/// The catalog has the bucket's table and partition.
bool Exists(const Tablets::Environment& environment, const TableBucket& bucket) {
  const auto table = environment.find_table(bucket);
  if (table == nullptr) return false;
  return !bucket.partition.has_value() || table->FindPartition(*bucket.partition) != nullptr;
}

struct TabletsMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Gauge unsynced_bytes{*this, "log_unsynced_bytes", "Log bytes not yet synced in their segments."};
  Gauge last_sync_ms{*this, "log_last_sync_timestamp_ms",
                     "When all segments were last synced, ms since the epoch."};
  Gauge open_tablets{*this, "tablets_open", "Buckets in memory."};
  Gauge journal_files{*this, "journal_files", "Files of the journal."};
  Gauge write_locked{*this, "disk_write_locked",
                     "1 while writes are refused because the disk is full."};
  Gauge metadata_undecided{
      *this, "metadata_undecided",
      "1 while nothing is accepted because a failed change of metadata cannot be "
      "taken back."};
  Counter sync_failures{*this, "log_sync_failures_total",
                        "Rounds of syncing segments that did not succeed."};
};

}  // namespace

struct Tablets::State {
  State(TabletsOptions o, Environment e)
      : options(std::move(o)), env(std::move(e)), metrics(env.metrics) {}

  /// Run `f(ShardTablets&)` on each shard, one after another, and wait.
  template <class F>
  void OnShard(size_t i, F f) {
    std::promise<void> done;
    env.shards.at(static_cast<int>(i)).Post([&] {
      f(*shards[i]);
      done.set_value();
    });
    done.get_future().wait();
  }
  template <class F>
  void OnEachShard(F f) {
    for (size_t i = 0; i < shards.size(); ++i) OnShard(i, f);
  }

  Status SyncNow();
  void ApplyRetentionNow();
  void CloseIdleNow();
  Status SyncRound();
  Status SyncShard(size_t shard);
  Status BringHome();
  void RunTickets(std::vector<SyncJob>& jobs);
  void RunRepairs(std::vector<RepairJob>& jobs);
  Status WriteCheckpoint(bool clean);
  void CheckSpace();
  void DecideMetadata();
  void PrepareJournal();
  void Drop(TableId table, std::optional<PartitionId> partition);
  void DeleteLater(std::vector<std::string> paths);
  void MoveToTrash(const std::string& directory);
  void EmptyTrash();
  void Housekeep();
  void WriteBackAll();

  const TabletsOptions options;
  const Environment env;
  TabletsMetrics metrics;
  std::unique_ptr<GroupCommit> commits;
  std::vector<std::unique_ptr<ShardTablets>> shards;
  std::atomic<bool> write_locked{false};
  std::mutex housekeeping;  // one round at a time
  Checkpoint written;       // what the checkpoint file says
  // Of the housekeeping:
  bool all_home = false;  // nothing of the last run is in the journal only; that is released
  bool durable_home = false;
  /// The first error of syncing the whole file system. It is told once, whatever file it was about, and stays: after
  /// it each file is asked for its own.
  Status sync_all;
  std::atomic<int64_t> trash_number{0};

  std::mutex mutex;
  std::condition_variable wake;
  bool open = false;  // Open is through: shards own their tablets
  bool stopping = false;
  bool stopped = false;
  std::unique_ptr<WorkerThread> housekeeper;
};

// ---- Open, stop ---------------------------------------------------------------------------------------------

Tablets::Tablets(std::unique_ptr<State> state) : state_(std::move(state)) {}

Tablets::~Tablets() {
  if (state_->open) Stop();
}

Result<std::unique_ptr<Tablets>> Tablets::Open(TabletsOptions options, Environment environment) {
  auto state = std::make_unique<State>(std::move(options), std::move(environment));
  State& s = *state;
  FileSystem& files = s.env.files;
  RETURN_IF_ERROR(files.CreateDirectories(s.options.data_directory));
  RETURN_IF_ERROR(files.SyncDirectory(std::string(ParentOf(s.options.data_directory))));
  s.written = LoadCheckpoint(files, CheckpointPath(s.options.data_directory));

  const size_t budget = OpenFilesBudget(s.options.open_files_max);
  OpenFiles replay_files(files, budget);
  Checkpoint checkpoint = s.written;
  ASSIGN_OR_RETURN(
      RecoveredJournal recovered,
      RecoverJournal(replay_files,
                     {.data_directory = s.options.data_directory,
                      .log = s.options.log,
                      .journal = s.options.journal,
                      .exists = [&](const TableBucket& b) { return Exists(s.env, b); }},
                     checkpoint));
  Shards& shards = s.env.shards;
  s.commits = std::make_unique<GroupCommit>(
      files, std::move(recovered.journal),
      [&shards](int shard, std::function<void()> f) { shards.at(shard).Post(std::move(f)); },
      s.env.metrics);
  const size_t per_shard = std::max<size_t>(8, budget / static_cast<size_t>(shards.count()));
  for (int i = 0; i < shards.count(); ++i) {
    s.shards.push_back(
        std::make_unique<ShardTablets>(i, s.options, s.env, *s.commits, s.write_locked, per_shard));
  }
  for (const auto& [bucket, point] : checkpoint.points) {
    s.shards[TableBucketHash()(bucket) % s.shards.size()]->SetRecoveryPoint(bucket, point);
  }
  for (auto& [bucket, log] : recovered.pending) {
    s.shards[TableBucketHash()(bucket) % s.shards.size()]->SetPending(bucket, std::move(log));
  }
  // The mark of a clean stop is good for one start only. An old checkpoint is as good, so a full disk is no reason
  // not to start.
  if (const Status saved = s.WriteCheckpoint(false); !saved.ok()) {
    LogWarn("tablet", "could not write the first checkpoint: {}", saved.error().message);
  }
  s.open = true;
  return std::unique_ptr<Tablets>(new Tablets(std::move(state)));
}

void Tablets::Start() {
  State* s = state_.get();
  s->EmptyTrash();
  for (const std::string& folder :
       FindLeftovers(s->env.files, s->options.data_directory,
                     {s->env.find_table, s->env.tables_end, s->env.partitions_end})) {
    LogInfo("tablet", "folder of a dropped table is removed: {}", folder);
    s->MoveToTrash(folder);
  }
  s->housekeeper = std::make_unique<WorkerThread>("housekeeping", WorkerThread::Priority::kNormal,
                                                  [s] { s->Housekeep(); });
}

void Tablets::Stop() {
  State& s = *state_;
  {
    std::lock_guard lock(s.mutex);
    if (s.stopped) return;
    s.stopping = s.stopped = true;
  }
  s.wake.notify_all();
  s.housekeeper.reset();
  if (s.shards.empty()) return;
  // Write-backs wait for the log to be durable; what the journal refused may yet be, in its segments.
  (void)SyncNow();
  s.WriteBackAll();
  s.commits->Stop();
  const Status synced = SyncNow();
  s.OnEachShard([](ShardTablets& tablets) { tablets.CloseAll(); });
  if (synced.ok()) {
    if (const Status saved = s.WriteCheckpoint(true); !saved.ok()) {
      LogError("tablet", "could not write the last checkpoint: {}", saved.error().message);
    } else if (s.commits->journal().last_sequence() > 0) {
      (void)s.commits->journal().Write({});  // replay would find nothing new, only later
    }
  }
  s.OnEachShard([](ShardTablets& tablets) {
    tablets.DropAll(Fail(ErrorCode::kNotLeaderOrFollower, "the server is stopping"));
  });
}

// So that the next start reads rows instead of replaying logs.
void Tablets::State::WriteBackAll() {
  for (size_t i = 0; i < shards.size(); ++i) {
    std::promise<void> done;
    env.shards.at(static_cast<int>(i)).Post([&] {
      shards[i]->WriteBackAll([&] { done.set_value(); });
    });
    done.get_future().wait();
  }
}

// ---- The door -----------------------------------------------------------------------------------------------

Shards& Tablets::shards() { return state_->env.shards; }

Shard& Tablets::ShardOf(const TableBucket& bucket) {
  return state_->env.shards.For(TableBucketHash()(bucket));
}

Result<std::shared_ptr<Tablet>> Tablets::Open(const TableBucket& bucket) {
  return state_->shards[TableBucketHash()(bucket) % state_->shards.size()]->Open(bucket);
}

std::optional<Offset> Tablets::KnownEnd(const TableBucket& bucket) const {
  return state_->shards[TableBucketHash()(bucket) % state_->shards.size()]->KnownEnd(bucket);
}

std::vector<Tablets::ShardGroup> Tablets::GroupByShard(
    const std::vector<TableBucket>& buckets) const {
  std::vector<ShardGroup> groups(state_->shards.size());
  for (size_t i = 0; i < groups.size(); ++i) groups[i].shard = static_cast<int>(i);
  for (size_t i = 0; i < buckets.size(); ++i) {
    groups[TableBucketHash()(buckets[i]) % groups.size()].indexes.push_back(i);
  }
  std::erase_if(groups, [](const ShardGroup& group) { return group.indexes.empty(); });
  return groups;
}

bool Tablets::write_locked() const { return state_->write_locked; }

// ---- The catalog's hooks ------------------------------------------------------------------------------------

void Tablets::TableDropped(const std::shared_ptr<const TableInfo>& table) {
  State& s = *state_;
  s.Drop(table->id, std::nullopt);
  s.MoveToTrash(TableDirectory(*table));
}

void Tablets::PartitionDropped(const std::shared_ptr<const TableInfo>& table, PartitionId partition,
                               const std::string& partition_name) {
  State& s = *state_;
  s.Drop(table->id, partition);
  s.MoveToTrash(fmt::format("{}/{}-p{}", TableDirectory(*table), partition_name, partition.value));
}

void Tablets::TableChanged(std::shared_ptr<const TableInfo> table) {
  State& s = *state_;
  for (size_t i = 0; i < s.shards.size(); ++i) {
    s.env.shards.at(static_cast<int>(i)).Post([tablets = s.shards[i].get(), table] {
      tablets->Change(table);
    });
  }
}

// Afterwards nobody writes to the files of the dropped tablets. This thread waits for who still does, not the shard;
// and it need not wait for a thread of the pool that it is part of.
void Tablets::State::Drop(TableId table, std::optional<PartitionId> partition) {
  for (size_t i = 0; i < shards.size(); ++i) {
    std::vector<ShardTablets::Dropped> dropped;
    OnShard(i, [&](ShardTablets& tablets) { dropped = tablets.Drop(table, partition); });
    for (const ShardTablets::Dropped& one : dropped) {
      if (one.wait) one.wait();
    }
    OnShard(i, [&](ShardTablets&) { dropped.clear(); });
  }
}

// A rename takes the data out of the way at once; deleting gigabytes takes its time.
void Tablets::State::MoveToTrash(const std::string& directory) {
  const std::string from = options.data_directory + "/" + directory;
  if (!env.files.Exists(from)) return;
  const std::string trash = options.data_directory + "/" + kTrash;
  const std::string to = fmt::format("{}/{}-{}", trash, env.clock.NowMs(), trash_number++);
  Status moved = env.files.CreateDirectories(trash);
  if (moved.ok()) moved = env.files.Rename(from, to);
  if (!moved.ok()) {
    LogWarn("tablet", "could not put dropped data away: {}", moved.error().message);
    return;
  }
  env.pool.Post([&files = env.files, to] { (void)files.RemoveAll(to); });
}

void Tablets::State::EmptyTrash() {
  const std::string trash = options.data_directory + "/" + kTrash;
  if (!env.files.Exists(trash)) return;
  env.pool.Post([&files = env.files, trash] { (void)files.RemoveAll(trash); });
}

void Tablets::State::DeleteLater(std::vector<std::string> paths) {
  if (paths.empty()) return;
  env.pool.Post([&files = env.files, paths = std::move(paths)] {
    for (const std::string& path : paths) (void)files.Remove(path);
  });
}

// ---- Housekeeping -------------------------------------------------------------------------------------------

void Tablets::State::RunTickets(std::vector<SyncJob>& jobs) {
  if (jobs.size() < kSyncAllFrom || !sync_all.ok()) {
    SyncPass pass(env.files);  // they have most of their directories in common
    for (SyncJob& job : jobs) job.status = job.ticket.Run(pass);
    return;
  }
  sync_all = env.files.SyncAll(options.data_directory);
  for (SyncJob& job : jobs) job.status = job.ticket.TakeOver(sync_all);
}

// Nobody but the housekeeping releases the journal, so that it stands still here.
void Tablets::State::RunRepairs(std::vector<RepairJob>& jobs) {
  for (RepairJob& job : jobs) {
    JournaledBatches journaled(commits->journal(), job.log->options().bucket);
    job.status =
        job.repair.Run(env.files, [&](Offset base_offset) { return journaled.Find(base_offset); });
  }
}

Status Tablets::State::SyncShard(size_t shard) {
  Status status;
  const auto on_shard = [&](auto f) { OnShard(shard, f); };
  std::vector<TableBucket> buckets;
  on_shard([&](ShardTablets& tablets) { buckets = tablets.Buckets(); });
  for (size_t from = 0; from < buckets.size(); from += kSyncsAtOnce) {
    std::vector<RepairJob> repairs;
    on_shard(
        [&](ShardTablets& tablets) { repairs = tablets.BeginRepair(buckets, from, kSyncsAtOnce); });
    if (!repairs.empty()) {
      RunRepairs(repairs);
      on_shard([&](ShardTablets&) {
        ShardTablets::FinishRepair(repairs);
        repairs.clear();
      });
    }
    std::vector<SyncJob> jobs;
    bool failed = false;
    on_shard([&](ShardTablets& tablets) {
      jobs = tablets.BeginSync(buckets, from, kSyncsAtOnce, failed);
    });
    RunTickets(jobs);
    if (failed) status = Fail(ErrorCode::kLogStorage, "some buckets cannot be synced");
    if (jobs.empty()) continue;
    on_shard([&](ShardTablets& tablets) {
      const Status finished = tablets.FinishSync(jobs);
      if (!finished.ok()) status = finished;
      jobs.clear();  // the tablets are released where they live
    });
  }
  return status;
}

// What the journal held at the start and no client has asked for goes to the segments, and one call makes it durable.
Status Tablets::State::BringHome() {
  if (all_home || durable_home) return {};
  std::vector<ShardTablets::Points> points(shards.size());
  bool all = true;
  for (size_t i = 0; i < shards.size(); ++i) {
    for (bool more = true; more;) {
      OnShard(
          i, [&](ShardTablets& tablets) { more = tablets.BringHome(kBringHomeAtOnce, points[i]); });
    }
  }
  // After one failure the kernel has forgotten what was dirty: the journal keeps it for the next start.
  if (sync_all.ok()) sync_all = env.files.SyncAll(options.data_directory);
  if (!sync_all.ok()) {
    for (size_t i = 0; i < shards.size(); ++i)
      OnShard(i, [&](ShardTablets& tablets) { tablets.SuspectHome(points[i]); });
    return sync_all;
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    OnShard(i, [&](ShardTablets& tablets) {
      if (!tablets.FinishBringHome(points[i])) all = false;
    });
  }
  if (!all) return Fail(ErrorCode::kLogStorage, "some buckets are in the journal only");
  durable_home = true;
  return {};
}

// Everything in the journal up to the sequence read first is in segments, since buckets write there before they
// queue for the journal; so after all segments are synced it is not needed any more.
Status Tablets::State::SyncRound() {
  Journal& journal = commits->journal();
  const Journal::Sequence sequence = journal.last_sequence();
  Status status = BringHome();
  for (size_t i = 0; i < shards.size(); ++i) {
    const Status synced = SyncShard(i);
    if (!synced.ok()) status = synced;
  }
  RETURN_IF_ERROR(WriteCheckpoint(false));
  RETURN_IF_ERROR(status);
  journal.Release(sequence);
  if (!std::exchange(all_home, true)) {
    OnEachShard([](ShardTablets& tablets) { tablets.ForgetPending(); });
  }
  metrics.last_sync_ms.Set(env.clock.NowMs());
  metrics.journal_files.Set(journal.file_count());
  return {};
}

Status Tablets::State::WriteCheckpoint(bool clean) {
  Checkpoint now{.clean = clean};
  int64_t unsynced = 0;
  size_t tablet_count = 0;
  const auto collect = [&](ShardTablets& tablets) {
    for (const auto& [bucket, point] : tablets.RecoveryPoints()) now.points[bucket] = point;
    unsynced += tablets.unsynced_bytes();
    tablet_count += tablets.tablet_count();
  };
  if (!open) {
    for (auto& shard : shards) collect(*shard);  // nobody else knows them yet
  } else {
    OnEachShard(collect);
  }
  metrics.unsynced_bytes.Set(unsynced);
  metrics.open_tablets.Set(static_cast<int64_t>(tablet_count));
  if (now.clean == written.clean && now.points == written.points) return {};
  RETURN_IF_ERROR(SaveCheckpoint(env.files, CheckpointPath(options.data_directory), now));
  written = std::move(now);
  return {};
}

Status Tablets::SyncNow() { return state_->SyncNow(); }
void Tablets::ApplyRetentionNow() { state_->ApplyRetentionNow(); }
void Tablets::CloseIdleNow() { state_->CloseIdleNow(); }

Status Tablets::State::SyncNow() {
  std::lock_guard lock(housekeeping);
  const Status status = SyncRound();
  if (!status.ok()) {
    metrics.sync_failures.Add();
    LogError("tablet", "segments could not be synced: {}", status.error().message);
  }
  return status;
}

void Tablets::State::ApplyRetentionNow() {
  std::lock_guard lock(housekeeping);
  OnEachShard([this](ShardTablets& tablets) { DeleteLater(tablets.ApplyRetention()); });
}

void Tablets::State::CloseIdleNow() {
  std::lock_guard lock(housekeeping);
  const int64_t idle_since = env.clock.NowMs() - options.idle_close.count();
  OnEachShard([=](ShardTablets& tablets) { tablets.CloseIdle(idle_since); });
}

// Writers stop while there is still room for indexes, snapshots and the catalog; they go on when it comes back.
void Tablets::State::CheckSpace() {
  const auto left = env.files.SpaceLeft(options.data_directory);
  if (!left.ok()) return;
  const bool locked = *left < options.space_reserve_bytes;
  if (locked != write_locked.exchange(locked)) {
    LogWarn("tablet", "disk is {}: bytes_left={}",
            locked ? "full, writes are refused" : "writable again", *left);
  }
  metrics.write_locked.Set(locked ? 1 : 0);
}

void Tablets::State::DecideMetadata() {
  if (env.metadata_undecided == nullptr) return;
  if (*env.metadata_undecided) env.decide_metadata();
  metrics.metadata_undecided.Set(*env.metadata_undecided ? 1 : 0);
}

// On a disk that is nearly full rows need the space more than a journal that can also grow as it is used.
void Tablets::State::PrepareJournal() {
  const auto left = env.files.SpaceLeft(options.data_directory);
  if (left.ok() && *left < 2 * options.journal.file_bytes + options.space_reserve_bytes) return;
  if (const Status prepared = commits->journal().PrepareNextFile(); !prepared.ok()) {
    LogWarn("tablet", "no next journal file: {}", prepared.error().message);
  }
}

void Tablets::State::Housekeep() {
  int64_t next_sync = 0, next_retention = options.retention_interval.count();
  const int64_t start_ms = SystemClock().MonotonicUs() / 1000;
  while (true) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock,
                    std::chrono::milliseconds(
                        std::min<int64_t>(kSpaceCheckMs, options.sync_interval.count())),
                    [&] { return stopping; });
      if (stopping) return;
    }
    CheckSpace();
    DecideMetadata();
    OnEachShard([this](ShardTablets& tablets) { tablets.TickKv(env.clock.NowMs()); });
    PrepareJournal();
    const int64_t now = SystemClock().MonotonicUs() / 1000 - start_ms;
    if (now >= next_sync) {
      (void)SyncNow();
      next_sync = now + options.sync_interval.count();
    }
    if (now >= next_retention) {
      ApplyRetentionNow();
      CloseIdleNow();
      next_retention = now + options.retention_interval.count();
    }
  }
}

}  // namespace weir
