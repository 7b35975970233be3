#include "tablet/kv_write_back.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "storage/kv/hot_memory.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

// Below this it is not worth a file, unless memory is very short.
constexpr int64_t kRoundBytesMin = 1 * MiB;
// After a failure (a full disk, most likely) the next round waits this long.
constexpr int64_t kRetryMs = 10'000;

}  // namespace

struct KvWriteBack::Round {
  std::vector<const HotRow*> rows;
  KvCheckpoint checkpoint;
  int64_t log_bytes = 0;
  uint64_t log_waiter = 0;
  std::optional<SyncTicket> log_sync;  // run before the store is written
  Status log_synced;

  // The background thread's part. A queued round may wait for that thread as long as others like, so
  // nobody waits for one that is only queued.
  enum class Work { kNone, kQueued, kBegun, kEnded };
  std::mutex mutex;
  std::condition_variable ended;
  Work work = Work::kNone;

  /// Whether the caller, the background thread, is to write it; otherwise it was given up.
  bool TryBegin() {
    const std::lock_guard lock(mutex);
    if (work != Work::kQueued) return false;
    work = Work::kBegun;
    return true;
  }
  /// Whether no thread will touch it any more.
  bool TryGiveUp() {
    const std::lock_guard lock(mutex);
    if (work == Work::kBegun) return false;
    work = Work::kEnded;
    return true;
  }
  void End() {
    const std::lock_guard lock(mutex);
    work = Work::kEnded;
    ended.notify_all();
  }
  void AwaitEnd() {
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return work == Work::kEnded; });
  }
};

KvWriteBack::KvWriteBack(KvState& state, PostHome post_home)
    : state_(state), post_home_(std::move(post_home)) {}

KvWriteBack::~KvWriteBack() {
  if (const Wait wait = GiveUp()) wait();
}

KvWriteBack::Wait KvWriteBack::GiveUp() {
  if (round_ == nullptr) return {};
  if (round_->log_waiter != 0) state_.log.CancelWaiter(std::exchange(round_->log_waiter, 0));
  if (!round_->TryGiveUp()) return [round = round_] { round->AwaitEnd(); };
  round_.reset();
  state_.index.FinishFlush(false);
  return {};
}

KvWriteBack::Wait KvWriteBack::Stop(const Status& why) {
  Wait wait = GiveUp();
  std::vector<Done> told = std::exchange(waiting_, {});
  std::ranges::move(std::exchange(waiting_next_, {}), std::back_inserter(told));
  for (const Done& done : told) {
    if (done) done(why);
  }
  return wait;
}

bool KvWriteBack::IsDue(int64_t now_ms) const {
  const KvOptions& options = state_.environment.options;
  if (running() || now_ms < retry_at_ms_) return false;
  if (state_.unwritten_log_bytes >= options.write_back_log_bytes) return true;
  if (now_ms - state_.written_ms >= options.write_back_age.count() &&
      state_.flushed_offset < state_.log.end_offset()) {
    return true;
  }
  const HotMemory& memory = *state_.environment.hot_memory;
  return memory.excess() > 0 &&
         state_.index.changed_bytes() >= (memory.scarce() ? 1 : kRoundBytesMin);
}

void KvWriteBack::Start(Done done) {
  if (running()) {
    waiting_next_.push_back(std::move(done));
    return;
  }
  waiting_.push_back(std::move(done));
  Begin();
}

void KvWriteBack::Begin() {
  round_ = std::make_shared<Round>();
  round_->rows = state_.index.StartFlush();
  round_->checkpoint = state_.CheckpointAt(state_.log.end_offset());
  round_->log_bytes = std::exchange(state_.unwritten_log_bytes, 0);
  state_.written_ms = state_.environment.clock.NowMs();
  const auto round = round_;
  const auto durable = [this, alive = std::weak_ptr(alive_), round](const Status& status) {
    if (alive.expired()) return;
    round->log_waiter = 0;
    if (!status.ok()) {
      Finish(round, status);
    } else {
      Write(round);
    }
  };
  round->log_waiter = state_.log.WhenHighWatermark(round->checkpoint.flushed_offset, durable);
}

void KvWriteBack::Write(const std::shared_ptr<Round>& round) {
  // With relaxed durability the watermark does not mean that the log is on disk; the store will be.
  if (state_.log.options().durability != Durability::kDisk) {
    auto ticket = state_.log.BeginSync();
    if (!ticket.ok()) return Finish(round, Failure(ticket.error()));
    round->log_sync = std::move(*ticket);
  }
  round->work = Round::Work::kQueued;
  KvStore& store = state_.store;
  // Memory knows every key: nobody will read the folder soon, and an open one costs memory and
  // files.
  const bool keep_open = !state_.index.complete();
  // `this`, the store and the rows live until a round that was begun has ended.
  state_.environment.run_write_back([this, alive = std::weak_ptr(alive_), &store, keep_open,
                                     round] {
    if (!round->TryBegin()) return;
    const auto started_us = SystemClock().MonotonicUs();
    if (round->log_sync) round->log_synced = round->log_sync->Run(state_.environment.files);
    const Status status = round->log_synced.ok() ? store.WriteBack(round->rows, round->checkpoint)
                                                 : round->log_synced;
    state_.environment.metrics.write_back_seconds.ObserveUs(SystemClock().MonotonicUs() -
                                                            started_us);
    // After a failure, too: RocksDB may refuse everything until it is opened again.
    if (!keep_open || !status.ok()) store.CloseIfUnused();
    post_home_([this, alive, round, status] {
      if (!alive.expired()) Finish(round, status);
    });
    round->End();
  });
}

void KvWriteBack::Finish(const std::shared_ptr<Round>& round, const Status& status) {
  if (round != round_) return;  // given up while this was on its way
  round_.reset();
  if (round->log_sync) state_.log.FinishSync(*round->log_sync, round->log_synced);
  state_.index.FinishFlush(status.ok());
  KvMetrics& metrics = state_.environment.metrics;
  if (status.ok()) {
    metrics.write_backs.Add();
    metrics.write_back_rows.Add(static_cast<int64_t>(round->rows.size()));
    state_.flushed_offset = round->checkpoint.flushed_offset;
    state_.stored = state_.store.exists();
    state_.log.set_min_retain_offset(state_.flushed_offset);
  } else {
    metrics.write_back_failures.Add();
    state_.unwritten_log_bytes += round->log_bytes;
    retry_at_ms_ = state_.environment.clock.NowMs() + kRetryMs;
    LogWarn("kv", "write-back failed, rows stay in memory: table={} bucket={} error={}",
            state_.rules->table().path.ToString(), state_.bucket.bucket, status.error().message);
  }
  for (const Done& done : std::exchange(waiting_, {})) {
    if (done) done(status);
  }
  if (!waiting_next_.empty() && !running()) {
    waiting_ = std::exchange(waiting_next_, {});
    Begin();
  }
}

Status KvWriteBack::RunNow(Offset up_to) {
  std::vector<const HotRow*> rows = state_.index.StartFlush();
  const KvCheckpoint checkpoint = state_.CheckpointAt(up_to);
  const Status status = state_.store.WriteBack(rows, checkpoint);
  state_.index.FinishFlush(status.ok());
  RETURN_IF_ERROR(status);
  state_.flushed_offset = checkpoint.flushed_offset;
  state_.stored = state_.store.exists();
  state_.unwritten_log_bytes = 0;
  state_.log.set_min_retain_offset(state_.flushed_offset);
  return {};
}

}  // namespace weir
