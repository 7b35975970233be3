// What happens to the journal's live entries at start: they are indexed by bucket and stay where they are. A bucket
// takes what is its own when it is first opened; the housekeeping brings the others home while the server works.
// Only then is the journal released. So a start costs reading the journal once, however many buckets are in it.
// Format and reasons: docs/formats/journal.md. INV-1.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "storage/bucket_log.h"
#include "storage/checkpoint.h"
#include "storage/journal.h"
#include "storage/log_options.h"
#include "storage/open_files.h"

namespace weir {

/// What the journal holds for one bucket: without a gap from its checkpoint on, oldest first. Belongs to the shard
/// that owns the bucket.
struct PendingLog {
  struct Entry {
    std::shared_ptr<const File> file;
    int64_t position = 0;
    int64_t bytes = 0;
    Offset base_offset = 0;
    Offset end_offset = 0;
  };

  std::string directory;  // of the bucket's log, relative to the data directory
  std::vector<Entry> entries;
  bool applied = false;  // the segments have it, though perhaps not durably
  bool blocked = false;  // cannot be brought home before the next start; nobody may append

  /// Everything below is durable, in the segments or here.
  Offset end_offset() const { return entries.empty() ? 0 : entries.back().end_offset; }
};

using PendingLogs = std::unordered_map<TableBucket, PendingLog, TableBucketHash>;

struct ReplayOptions {
  std::string data_directory;
  LogOptions log;
  JournalOptions journal;
  /// Whether a bucket still exists; entries of others are dropped. Empty: all do.
  std::function<bool(const TableBucket&)> exists;
};

struct RecoveredJournal {
  std::unique_ptr<Journal> journal;
  PendingLogs pending;
};

/// Open the journal and say what it holds. Nothing of `pending` may be released from the journal before it was
/// applied and synced.
///
/// checkpoint  is brought up to date for buckets whose entries have gaps: they are recovered here and now
/// Errors      kStorage  the journal cannot be read
Result<RecoveredJournal> RecoverJournal(OpenFiles& files, const ReplayOptions& options,
                                        Checkpoint& checkpoint);

/// Bring the entries into `log`. May be repeated.
/// Errors  kDiskWriteLocked, kLogStorage, kStorage. A damaged entry is not an error; it is reported in the log.
Status ApplyPending(BucketLog& log, const PendingLog& pending);

/// The same for a bucket that nobody has open: what its recovery point is once the file system was synced.
Result<RecoveryPoint> BringHome(OpenFiles& files, const std::string& data_directory,
                                const LogOptions& options, std::optional<RecoveryPoint> point,
                                const PendingLog& pending);

/// The file system could not be synced after that: the next start must not take for durable what its cache has.
///
/// point  from where the bucket was brought home
void SuspectHome(FileSystem& files, const std::string& data_directory,
                 const std::optional<RecoveryPoint>& point, const PendingLog& pending);

/// Where the checkpoint of a data directory is.
std::string CheckpointPath(const std::string& data_directory);

}  // namespace weir
