#include "tablet/log_tablet.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "record/log_batch.h"
#include "tablet/commit_queue.h"
#include "tablet/log_pins.h"
#include "tablet/replay.h"

namespace weir {
namespace {

constexpr std::string_view kSnapshotSuffix = ".writer_snapshot";
constexpr int64_t kSnapshotEveryBytes = 16 * MiB;  // of log: bounds the headers read at open

}  // namespace

/// An append on its way: what was checked, what will be written.
struct LogTablet::Accepted {
  explicit Accepted(SharedBytes records) : stamped(std::move(records)) {}

  std::vector<LogBatchView> views;
  StampedRecords stamped;
  std::vector<LogSegment::Batch> batches;      // the new ones
  std::vector<LogBatchHeader> headers;         // of the new ones, as sent
  std::optional<WriterBatch> first_duplicate;  // when the first batch was not new
  std::optional<WriterBatch> last_duplicate;
};

// ---- Open ---------------------------------------------------------------------------------------------------

LogTablet::LogTablet(LogTabletOptions options, Environment environment,
                     std::unique_ptr<BucketLog> log)
    : options_(std::move(options)),
      env_(std::move(environment)),
      directory_(std::make_shared<const std::string>(options_.directory)),
      log_(std::move(log)),
      writers_(options_.log.writer_expiration.count()) {}

LogTablet::~LogTablet() = default;

Result<std::shared_ptr<LogTablet>> LogTablet::Open(LogTabletOptions options,
                                                   Environment environment) {
  ASSIGN_OR_RETURN(
      auto log,
      BucketLog::Open(*environment.open_files, environment.data_directory + "/" + options.directory,
                      environment.data_directory, options.log, environment.recovery_point));
  const PendingLog* const journaled = std::exchange(environment.journaled, nullptr);
  if (journaled != nullptr && !journaled->applied) RETURN_IF_ERROR(ApplyPending(*log, *journaled));
  const bool durable = journaled != nullptr && log->end_offset() <= journaled->end_offset();
  std::shared_ptr<LogTablet> tablet(
      new LogTablet(std::move(options), std::move(environment), std::move(log)));
  // What a crash left behind the checkpoint must be durable before anybody reads it, or it could vanish again.
  std::optional<SyncTicket> ticket;
  if (!durable) {
    ASSIGN_OR_RETURN(ticket, tablet->log_->BeginSync());
  }
  if (ticket.has_value()) {
    const Status synced = ticket->Run(*tablet->env_.files);
    tablet->log_->FinishSync(*ticket, synced);
    RETURN_IF_ERROR(synced);
  }
  RETURN_IF_ERROR(tablet->LoadWriterState());
  tablet->high_watermark_ = tablet->log_->end_offset();
  tablet->watermark_position_ = tablet->log_->end_position();
  return tablet;
}

// The newest snapshot that is not ahead of the log, then the headers behind it.
Status LogTablet::LoadWriterState() {
  FileSystem& files = *env_.files;
  ASSIGN_OR_RETURN(const auto entries, files.List(log_->directory()));
  std::vector<Offset> snapshots;
  for (const DirectoryEntry& entry : entries) {
    if (const auto offset = ParseSegmentFileName(entry.name, kSnapshotSuffix))
      snapshots.push_back(*offset);
  }
  std::sort(snapshots.rbegin(), snapshots.rend());
  bool loaded = false;
  for (const Offset offset : snapshots) {
    const std::string path = log_->directory() + "/" + SegmentFileName(offset, kSnapshotSuffix);
    const auto bytes = ReadFile(files, path);
    // One from before the log's start is too old: nobody knows any more what its writers wrote up to there.
    if (!loaded && offset >= log_->start_offset() && offset <= log_->end_offset() && bytes.ok()) {
      const auto end = writers_.Decode(*bytes);
      if (end.ok() && *end == offset) {
        snapshot_offset_ = offset;
        loaded = true;
        continue;
      }
      LogWarn("tablet", "writer snapshot is not usable: path={}", path);
    }
    RETURN_IF_ERROR(files.Remove(path));
    // One that is ahead of the log must not come back after the log has passed it.
    RETURN_IF_ERROR(files.SyncDirectory(log_->directory()));
  }
  if (!loaded && log_->start_offset() > 0) writers_.MarkIncomplete();
  return log_->ForEachHeader(snapshot_offset_, [&](const LogBatchHeader& header) {
    if (header.base_offset < snapshot_offset_ || !header.idempotent()) return;
    writers_.Add(header.writer_id, {header.batch_sequence, header.base_offset, header.last_offset(),
                                    header.commit_timestamp});
  });
}

// Written without a sync: it has a CRC, and an older one (or none) only means more headers to read. But only of what
// is durable: a snapshot must never know batches that a crash took from the log.
Status LogTablet::SaveWriterState(const WriterSnapshot& snapshot) {
  WEIR_CHECK(snapshot.end_offset <= log_->recovery_point().offset);
  if (snapshot.end_offset <= snapshot_offset_) return {};
  const std::string path =
      log_->directory() + "/" + SegmentFileName(snapshot.end_offset, kSnapshotSuffix);
  ASSIGN_OR_RETURN(const auto file, env_.files->Open(path + ".tmp", OpenMode::kCreateTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, BytesView(snapshot.bytes)));
  RETURN_IF_ERROR(env_.files->Rename(path + ".tmp", path));
  if (snapshot_offset_ > 0) {
    RETURN_IF_ERROR(env_.files->Remove(log_->directory() + "/" +
                                       SegmentFileName(snapshot_offset_, kSnapshotSuffix)));
  }
  snapshot_offset_ = snapshot.end_offset;
  return {};
}

LogTablet::WriterSnapshot LogTablet::TakeWriterSnapshot() {
  writers_.Expire(log_->last_timestamp());
  bytes_since_snapshot_ = 0;
  return {log_->end_offset(), writers_.Encode(log_->end_offset())};
}

// ---- Append -------------------------------------------------------------------------------------------------

Result<std::optional<Appended>> LogTablet::CheckSequence(int64_t writer_id,
                                                         int32_t batch_sequence) const {
  if (writer_id < 0) return std::nullopt;
  ASSIGN_OR_RETURN(const auto known, writers_.Check(writer_id, batch_sequence));
  if (!known.has_value()) return std::nullopt;
  return Appended{known->base_offset, known->last_offset, known->timestamp, true};
}

// The writer's state as if the batches before this one in the same append were in already.
Result<std::optional<WriterBatch>> LogTablet::CheckInAppend(const Accepted& accepted,
                                                            const LogBatchHeader& header) const {
  for (auto before = accepted.headers.rbegin(); before != accepted.headers.rend(); ++before) {
    if (before->writer_id != header.writer_id) continue;
    const int32_t expected = before->batch_sequence == INT32_MAX ? 0 : before->batch_sequence + 1;
    if (header.batch_sequence == expected) return std::nullopt;
    return Fail(ErrorCode::kOutOfOrderSequence,
                "batch is not the writer's next: writer={} sequence={} last={}", header.writer_id,
                header.batch_sequence, before->batch_sequence);
  }
  return writers_.Check(header.writer_id, header.batch_sequence);
}

Result<LogTablet::Accepted> LogTablet::Validate(const SharedBytes& records,
                                                AppendOptions options) const {
  Accepted accepted(records);
  const auto corrupt = [](const Error& error) {
    return Failure(Error{ErrorCode::kCorruptRecord, error.message});
  };
  LogBatches batches(records.view());
  while (true) {
    const auto batch = batches.Next();
    if (!batch.ok()) return corrupt(batch.error());
    if (!batch->has_value()) break;
    if (options.source == AppendOptions::Source::kNetwork) {
      const Status sound = CheckAppend(**batch);
      if (!sound.ok()) return corrupt(sound.error());
    }
    accepted.views.push_back(**batch);
  }
  if (!batches.rest().empty() || accepted.views.empty()) {
    return Fail(ErrorCode::kCorruptRecord,
                "records do not end with a whole batch: bytes={} left={}", records.size(),
                batches.rest().size());
  }
  Offset next = log_->end_offset();
  const int64_t timestamp = std::max(log_->last_timestamp(), env_.clock->NowMs());
  for (const LogBatchView& view : accepted.views) {
    const LogBatchHeader& header = view.header();
    if (header.idempotent()) {
      ASSIGN_OR_RETURN(const auto duplicate, CheckInAppend(accepted, header));
      if (duplicate.has_value()) {
        if (!accepted.first_duplicate && accepted.batches.empty())
          accepted.first_duplicate = duplicate;
        accepted.last_duplicate = duplicate;
        continue;
      }
    }
    accepted.stamped.Add(view.bytes(),
                         {.base_offset = next, .commit_timestamp = timestamp, .leader_epoch = 0});
    accepted.batches.push_back(
        {next, next + header.last_offset_delta, timestamp, header.total_bytes});
    accepted.headers.push_back(header);
    next += header.last_offset_delta + 1;
  }
  return accepted;
}

Status LogTablet::Write(Accepted& accepted) {
  if (env_.write_locked != nullptr && env_.write_locked->load(std::memory_order_relaxed)) {
    return Fail(ErrorCode::kDiskWriteLocked, "the disk is almost full: directory={}",
                options_.directory);
  }
  if (env_.metadata_undecided != nullptr && *env_.metadata_undecided) {
    return Fail(ErrorCode::kLogStorage,
                "a start might carry out a failed change of metadata: directory={}",
                options_.directory);
  }
  if (options_.durability == Durability::kDisk) RETURN_IF_ERROR(env_.commits->CheckRoom());
  const Status written = log_->Append(accepted.stamped.pieces(), accepted.batches);
  if (written.code() == ErrorCode::kDiskWriteLocked && env_.write_locked != nullptr)
    *env_.write_locked = true;
  RETURN_IF_ERROR(written);
  for (size_t i = 0; i < accepted.batches.size(); ++i) {
    const LogBatchHeader& header = accepted.headers[i];
    const LogSegment::Batch& batch = accepted.batches[i];
    bytes_since_snapshot_ += batch.bytes;
    if (!header.idempotent()) continue;
    writers_.Add(header.writer_id,
                 {header.batch_sequence, batch.base_offset, batch.last_offset, batch.timestamp});
  }
  return {};
}

bool LogTablet::SubmitSync() {
  auto ticket = BeginSync();
  if (!ticket.ok()) {
    LogWarn("tablet", "large append goes through the journal: directory={} error={}",
            options_.directory, ticket.error().message);
    return false;
  }
  WEIR_CHECK(ticket->has_value());
  auto shared = std::make_shared<const SyncTicket>(std::move(**ticket));
  env_.commits->SubmitSync(shared, env_.shard,
                           [self = shared_from_this(), shared](const Status& status) {
                             self->FinishSync(*shared, status);
                           });
  return true;
}

// Cannot fail: the bytes are in the log, so nobody may be told that nothing happened. Whoever waits hears it when they
// do not become durable.
void LogTablet::MakeDurable(Accepted& accepted) {
  const Offset end = log_->end_offset();
  in_flight_.push_back({end, log_->end_position(), options_.durability != Durability::kDisk});
  if (options_.durability != Durability::kDisk) return AdvanceOverDurable();
  if (accepted.stamped.bytes() >= CommitQueue::kDirectBytes && SubmitSync()) return;
  env_.commits->Submit({.bucket = options_.bucket,
                        .directory = directory_,
                        .base_offset = accepted.batches.front().base_offset,
                        .end_offset = end,
                        .shard = env_.shard,
                        .records = std::move(accepted.stamped),
                        .done = [self = shared_from_this(), end](const Status& status) {
                          self->OnDurable(end, status);
                        }});
}

Result<Appended> LogTablet::Append(SharedBytes records, AppendOptions options) {
  RETURN_IF_ERROR(abandoned_);
  ASSIGN_OR_RETURN(Accepted accepted, Validate(records, options));
  if (accepted.batches.empty()) {
    return Appended{accepted.first_duplicate->base_offset, accepted.last_duplicate->last_offset,
                    accepted.last_duplicate->timestamp, true};
  }
  RETURN_IF_ERROR(Write(accepted));
  const LogSegment::Batch last = accepted.batches.back();
  const Offset base = accepted.first_duplicate ? accepted.first_duplicate->base_offset
                                               : accepted.batches.front().base_offset;
  MakeDurable(accepted);
  return Appended{base, last.last_offset, last.timestamp, false};
}

// ---- Durable ------------------------------------------------------------------------------------------------

void LogTablet::OnDurable(Offset end_offset, const Status& status) {
  if (!status.ok()) {
    // The bytes are in the segment; its next sync may still make them durable. Nobody is told they are.
    FailWaiters(status);
    return;
  }
  for (InFlight& flight : in_flight_) {
    if (flight.end_offset == end_offset) flight.durable = true;
  }
  AdvanceOverDurable();
}

Result<std::optional<SyncTicket>> LogTablet::BeginSync() {
  ASSIGN_OR_RETURN(auto ticket, log_->BeginSync());
  if (ticket.has_value() && !next_snapshot_ && bytes_since_snapshot_ >= kSnapshotEveryBytes) {
    next_snapshot_ = TakeWriterSnapshot();
  }
  return ticket;
}

// Only what has nothing undurable before it counts: offsets below the watermark never go away (INV-1, INV-2).
void LogTablet::AdvanceOverDurable() {
  std::optional<InFlight> reached;
  while (!in_flight_.empty() && in_flight_.front().durable) {
    reached = in_flight_.front();
    in_flight_.pop_front();
  }
  if (reached) RaiseHighWatermark(reached->end_offset, reached->end);
}

void LogTablet::FinishSync(const SyncTicket& ticket, const Status& status) {
  if (!abandoned_.ok()) return;  // its files may be gone, and nobody waits any more
  log_->FinishSync(ticket, status);
  if (!status.ok()) {
    LogError("tablet", "segment sync failed: directory={} error={}", options_.directory,
             status.error().message);
    FailWaiters(Fail(ErrorCode::kLogStorage, "segment sync failed: {}", status.error().message));
    return;
  }
  for (InFlight& flight : in_flight_) {
    if (flight.end_offset <= ticket.point.offset) flight.durable = true;
  }
  AdvanceOverDurable();
  if (!next_snapshot_ || next_snapshot_->end_offset > log_->recovery_point().offset) return;
  if (const Status saved = SaveWriterState(*next_snapshot_); !saved.ok()) {
    LogWarn("tablet", "could not save the writer state: {}", saved.error().message);
  }
  next_snapshot_.reset();
}

void LogTablet::FinishRepair(const SegmentRepair& repair, const Status& status) {
  if (abandoned_.ok()) log_->FinishRepair(repair, status);
}

void LogTablet::RaiseHighWatermark(Offset to, LogPosition at) {
  WEIR_CHECK(to >= high_watermark_ && to <= log_->end_offset());
  high_watermark_ = to;
  watermark_position_ = at;
  if (observer_) observer_(to);
  // A waiter may append or wait again: take each out before it is called.
  while (!waiters_.empty() && waiters_.begin()->first.first <= high_watermark_) {
    auto waiter = waiters_.extract(waiters_.begin());
    waiter.mapped()(Status());
  }
}

LogTablet::WaiterId LogTablet::WhenHighWatermark(Offset at_least, WaiterCallback done) {
  if (!abandoned_.ok() || at_least <= high_watermark_) {
    done(at_least <= high_watermark_ ? Status() : abandoned_);
    return 0;
  }
  const WaiterId id = ++last_waiter_;
  waiters_.emplace(std::pair(at_least, id), std::move(done));
  return id;
}

void LogTablet::CancelWaiter(WaiterId id) {
  std::erase_if(waiters_, [&](const auto& waiter) { return waiter.first.second == id; });
}

// Writers whose bytes are in the log are told; readers who wait for offsets nobody has written yet go on waiting.
void LogTablet::FailWaiters(const Status& why) {
  auto failed = std::move(waiters_);
  waiters_.clear();
  for (auto& [key, done] : failed) {
    if (key.first > log_->end_offset() && abandoned_.ok()) {
      waiters_.emplace(key, std::move(done));
    } else {
      done(why);
    }
  }
}

void LogTablet::Abandon(const Status& why) {
  abandoned_ = why;
  FailWaiters(why);
}

// ---- Reading ------------------------------------------------------------------------------------------------

Result<LogSlice> LogTablet::Read(Offset from, int64_t bytes_max, ReadUpTo up_to) {
  if (up_to == ReadUpTo::kEndOffset)
    return log_->Read(from, bytes_max, end_offset(), log_->end_position());
  return log_->Read(from, bytes_max, high_watermark_, watermark_position_);
}

Result<Offset> LogTablet::FindOffset(const OffsetSpec& spec) {
  switch (spec.kind) {
    case OffsetSpec::Kind::kEarliest:
      return start_offset();
    case OffsetSpec::Kind::kLatest:
      return high_watermark_;
    case OffsetSpec::Kind::kTimestamp:
      break;
  }
  const int64_t now = env_.clock->NowMs();
  if (spec.timestamp_ms > now) {
    return Fail(ErrorCode::kInvalidTimestamp, "timestamp lies in the future: timestamp={} now={}",
                spec.timestamp_ms, now);
  }
  ASSIGN_OR_RETURN(const Offset found, log_->FindTimestamp(spec.timestamp_ms));
  return std::min(found, high_watermark_);
}

// ---- Housekeeping -------------------------------------------------------------------------------------------

// Of the headers that retention takes there must be a snapshot first, or their writers would be strangers after a
// crash. It may not know what is not durable yet: then the segment stays until the next time.
bool LogTablet::RemembersWritersUpTo(Offset offset) {
  if (writers_.size() == 0 || offset <= snapshot_offset_) return true;
  if (log_->recovery_point().offset < log_->end_offset()) {
    if (!next_snapshot_) next_snapshot_ = TakeWriterSnapshot();
    return false;
  }
  if (const Status saved = SaveWriterState(TakeWriterSnapshot()); !saved.ok()) {
    LogWarn("tablet", "could not save the writer state: {}", saved.error().message);
  }
  return offset <= snapshot_offset_;
}

Result<std::vector<std::string>> LogTablet::ApplyRetention() {
  const int64_t oldest_ms = env_.clock->NowMs() - options_.retention_ms;
  int64_t bytes_over = options_.retention_bytes > 0 ? log_->bytes() - options_.retention_bytes : 0;
  const Offset keep_from =
      std::min({min_retain_offset_, lake_offset_, high_watermark_, PinnedFrom(options_.bucket)});
  auto removed = log_->RemoveSegments(keep_from, [&](LogSegment& segment, Offset end_offset) {
    const auto newest = segment.MaxTimestamp();
    const bool old = options_.retention_ms > 0 && newest.ok() && *newest < oldest_ms;
    const bool too_much = bytes_over >= segment.bytes() && options_.retention_bytes > 0;
    if (too_much) bytes_over -= segment.bytes();
    return (old || too_much) && RemembersWritersUpTo(end_offset);
  });
  // The end may now lie in a new, empty segment.
  if (high_watermark_ == log_->end_offset()) watermark_position_ = log_->end_position();
  return removed;
}

Status LogTablet::CloseFiles() {
  if (log_->recovery_point().offset == log_->end_offset() &&
      snapshot_offset_ < log_->end_offset()) {
    RETURN_IF_ERROR(SaveWriterState(TakeWriterSnapshot()));
  }
  return log_->CloseFiles();
}

}  // namespace weir
