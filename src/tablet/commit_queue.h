// Where a LogTablet hands over what must become durable. GroupCommit is the real one; simulations have their own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "storage/bucket_log.h"
#include "storage/stamped_records.h"

namespace weir {

/// Told on the shard's thread when the bytes are durable, or that they never will be by this way.
using CommitDone = std::function<void(const Status&)>;

struct CommitRequest {
  TableBucket bucket;
  std::shared_ptr<const std::string>
      directory;  // of the bucket's log, relative to the data directory
  Offset base_offset = 0;
  Offset end_offset = 0;
  int shard = 0;
  StampedRecords records;
  CommitDone done;
};

class CommitQueue {
 public:
  /// At least this much in one append goes to the segment directly.
  static constexpr int64_t kDirectBytes = 256 * KiB;

  virtual ~CommitQueue() = default;

  /// Ask before an append is written: it cannot be taken back.
  /// Errors  kLogStorage  too much is queued, the disk cannot follow
  virtual Status CheckRoom() const = 0;

  /// Queue an append for the next journal record.
  virtual void Submit(CommitRequest request) = 0;

  /// Sync what a bucket's ticket names, soon.
  virtual void SubmitSync(std::shared_ptr<const SyncTicket> ticket, int shard, CommitDone done) = 0;
};

}  // namespace weir
