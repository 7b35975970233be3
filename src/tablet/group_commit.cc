#include "tablet/group_commit.h"

#include <map>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace weir {
namespace {

/// What one round tells one shard; owns the requests, so that their bytes are freed there.
template <class Request>
struct Told {
  std::vector<Request> requests;
  Status status;
};

template <class Request, class Post>
void TellShards(std::vector<Request>& requests, const Status& status, const Post& post) {
  std::map<int, std::shared_ptr<Told<Request>>> by_shard;
  for (Request& request : requests) {
    auto& told = by_shard[request.shard];
    if (told == nullptr) told = std::make_shared<Told<Request>>();
    told->requests.push_back(std::move(request));
  }
  for (auto& [shard, told] : by_shard) {
    told->status = status;
    post(shard, [told = std::move(told)] {
      for (Request& request : told->requests) request.done(told->status);
    });
  }
}

}  // namespace

GroupCommit::GroupCommit(FileSystem& files, std::unique_ptr<Journal> journal, PostToShard post,
                         MetricRegistry& metrics, Options options)
    : files_(files),
      journal_(std::move(journal)),
      post_(std::move(post)),
      options_(options),
      metrics_(metrics),
      journal_thread_("group-commit", WorkerThread::Priority::kUrgent, [this] { RunJournal(); }),
      sync_thread_("segment-sync", WorkerThread::Priority::kUrgent, [this] { RunSyncs(); }) {}

GroupCommit::~GroupCommit() { Stop(); }

Status GroupCommit::CheckRoom() const {
  if (metrics_.queued_bytes.Value() < options_.queued_bytes_max) return {};
  return Fail(ErrorCode::kLogStorage, "the disk cannot follow: queued_bytes={}",
              metrics_.queued_bytes.Value());
}

void GroupCommit::Submit(CommitRequest request) {
  metrics_.queued_bytes.Add(request.records.bytes());
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = queue_.empty();
    queue_.push_back(std::move(request));
  }
  if (first) journal_wake_.notify_one();
}

void GroupCommit::SubmitSync(std::shared_ptr<const SyncTicket> ticket, int shard, CommitDone done) {
  {
    std::lock_guard lock(mutex_);
    syncs_.push_back({std::move(ticket), shard, std::move(done)});
  }
  sync_wake_.notify_one();
}

void GroupCommit::RunJournal() {
  std::vector<CommitRequest> taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      journal_wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      taken.swap(queue_);
    }
    std::vector<CommitRequest> round;
    int64_t bytes = 0;
    for (CommitRequest& request : taken) {
      if (!round.empty() && bytes + request.records.bytes() > options_.round_bytes_max) {
        CommitRound(round);
        round.clear();
        bytes = 0;
      }
      bytes += request.records.bytes();
      round.push_back(std::move(request));
    }
    CommitRound(round);
    taken.clear();
  }
}

void GroupCommit::CommitRound(std::vector<CommitRequest>& round) {
  std::vector<JournalEntry> entries;
  entries.reserve(round.size());
  int64_t bytes = 0;
  for (const CommitRequest& request : round) {
    entries.push_back({.bucket = request.bucket,
                       .directory = *request.directory,
                       .base_offset = request.base_offset,
                       .end_offset = request.end_offset,
                       .pieces = request.records.pieces()});
    bytes += request.records.bytes();
  }
  const int64_t start_us = SystemClock().MonotonicUs();
  const auto written = journal_->Write(entries);
  metrics_.sync_seconds.ObserveUs(SystemClock().MonotonicUs() - start_us);
  metrics_.queued_bytes.Add(-bytes);
  Status status;
  if (written.ok()) {
    metrics_.rounds.Add();
    metrics_.entries.Add(static_cast<int64_t>(entries.size()));
    metrics_.bytes.Add(bytes);
  } else {
    metrics_.failures.Add();
    status = Fail(ErrorCode::kLogStorage, "group commit failed: {}", written.error().message);
  }
  TellShards(round, status, post_);
}

void GroupCommit::RunSyncs() {
  std::vector<SyncRequest> taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      sync_wake_.wait(lock, [&] { return stopping_ || !syncs_.empty(); });
      if (syncs_.empty()) return;
      taken.swap(syncs_);
    }
    SyncPass pass(files_);  // a busy bucket has many in the queue
    for (SyncRequest& request : taken) {
      const Status status = request.ticket->Run(pass);
      metrics_.direct_syncs.Add();
      if (!status.ok()) metrics_.failures.Add();
      post_(request.shard, [done = std::move(request.done), status] { done(status); });
    }
    taken.clear();
  }
}

void GroupCommit::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  journal_wake_.notify_all();
  sync_wake_.notify_all();
  journal_thread_.Join();
  sync_thread_.Join();
}

}  // namespace weir
