// Group commit without timers: shards queue what must become durable, one thread writes everything queued as one
// journal record, and while that syncs the next round gathers. Large appends are made durable where they are, in
// their segment, by a second thread, so that they are not written twice and do not delay the small ones.
// Thread: Submit from any thread; completions run on the shard named in the request. INV-1.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/worker_thread.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/journal.h"
#include "tablet/commit_queue.h"

namespace weir {

struct GroupCommitMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter rounds{*this, "journal_rounds_total", "Group commits written to the journal."};
  Counter entries{*this, "journal_entries_total", "Appends made durable through the journal."};
  Counter bytes{*this, "journal_bytes_total", "Log bytes made durable through the journal."};
  Counter failures{*this, "journal_failures_total", "Group commits the disk refused."};
  Histogram sync_seconds{*this, "journal_sync_seconds",
                         "Time one journal write with fdatasync took."};
  Counter direct_syncs{*this, "journal_direct_syncs_total",
                       "Large appends made durable in their segment."};
  Gauge queued_bytes{*this, "journal_queued_bytes", "Log bytes waiting for the journal."};
};

class GroupCommit final : public CommitQueue {
 public:
  struct Options {
    int64_t round_bytes_max = 4 * MiB;
    int64_t queued_bytes_max = 256 * MiB;  // above this Submit refuses: the disk cannot follow
  };

  /// Run a function on shard number `shard` soon.
  using PostToShard = std::function<void(int shard, std::function<void()>)>;

  GroupCommit(FileSystem& files, std::unique_ptr<Journal> journal, PostToShard post,
              MetricRegistry& metrics, Options options);
  GroupCommit(FileSystem& files, std::unique_ptr<Journal> journal, PostToShard post,
              MetricRegistry& metrics)
      : GroupCommit(files, std::move(journal), std::move(post), metrics, Options()) {}
  ~GroupCommit() override;

  Status CheckRoom() const override;
  void Submit(CommitRequest request) override;
  void SubmitSync(std::shared_ptr<const SyncTicket> ticket, int shard, CommitDone done) override;

  Journal& journal() { return *journal_; }

  /// Finish what is queued, then stop the threads. Idempotent.
  void Stop();

 private:
  struct SyncRequest {
    std::shared_ptr<const SyncTicket> ticket;
    int shard;
    CommitDone done;
  };

  void RunJournal();
  void RunSyncs();
  void CommitRound(std::vector<CommitRequest>& round);

  FileSystem& files_;
  const std::unique_ptr<Journal> journal_;
  const PostToShard post_;
  const Options options_;
  GroupCommitMetrics metrics_;

  std::mutex mutex_;
  std::condition_variable journal_wake_;
  std::condition_variable sync_wake_;
  std::vector<CommitRequest> queue_;
  std::vector<SyncRequest> syncs_;
  bool stopping_ = false;
  WorkerThread journal_thread_;  // last: they use everything above
  WorkerThread sync_thread_;
};

}  // namespace weir
