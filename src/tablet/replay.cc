#include "tablet/replay.h"

#include "base/log.h"

namespace weir {
namespace {

std::optional<RecoveryPoint> PointOf(const Checkpoint& checkpoint, const TableBucket& bucket) {
  const auto point = checkpoint.points.find(bucket);
  if (point == checkpoint.points.end()) return std::nullopt;
  return point->second;
}

// A later entry that starts lower says that the log had been cut there in between: what was behind the cut is void,
// although it can still be read.
void AddEntry(PendingLog& log, const ReplayedEntry& entry) {
  while (!log.entries.empty() && log.entries.back().end_offset > entry.base_offset) {
    log.entries.pop_back();
  }
  if (entry.records.empty()) return;  // it only says where the log was cut
  if (log.directory.empty()) log.directory = entry.directory;
  log.entries.push_back({.file = entry.file,
                         .position = entry.position,
                         .bytes = static_cast<int64_t>(entry.records.size()),
                         .base_offset = entry.base_offset,
                         .end_offset = entry.end_offset});
}

/// Appends that went straight to their segment are missing in the journal: whether they were made durable before
/// the crash, and with that whether what comes after them counts, only the segment knows.
bool HasGap(const PendingLog& log, const std::optional<RecoveryPoint>& point) {
  Offset next = point ? point->offset : 0;
  for (const PendingLog::Entry& entry : log.entries) {
    if (entry.base_offset > next) return true;
    next = std::max(next, entry.end_offset);
  }
  return false;
}

/// Buckets that are recovered before the start goes on: those whose entries have gaps. Entries behind a gap were never
/// acknowledged, and once their bucket accepts appends again they must never come back: an entry without records says
/// so in the journal before anybody can.
class EagerRecovery {
 public:
  EagerRecovery(OpenFiles& files, const ReplayOptions& options, Checkpoint& checkpoint)
      : files_(files), options_(options), checkpoint_(checkpoint) {}

  void Recover(const TableBucket& bucket, PendingLog& log) {
    const auto home =
        BringHome(files_, options_.data_directory, options_.log, PointOf(checkpoint_, bucket), log);
    if (!home.ok()) {
      LogError("tablet", "bucket stays closed until the next start: directory={} error={}",
               log.directory, home.error().message);
      log.blocked = true;
      return;
    }
    recovered_.emplace_back(bucket, *home);
    if (home->offset < log.end_offset()) {
      cuts_.push_back({.bucket = bucket,
                       .directory = log.directory,
                       .base_offset = home->offset,
                       .end_offset = home->offset,
                       .pieces = {}});
    }
  }

  /// Make it all durable. Without success all these buckets stay closed: the disk is full or fails.
  void Finish(Journal& journal, PendingLogs& pending) {
    if (recovered_.empty()) return;
    Status durable = files_.files().SyncAll(options_.data_directory);
    const bool all = recovered_.size() == pending.size();
    if (durable.ok() && all) journal.Release(journal.last_sequence());
    if (durable.ok() && (all || !cuts_.empty())) {
      const auto written = journal.Write(cuts_);
      if (!written.ok()) durable = Forward(written);
    }
    if (!durable.ok()) {
      LogError("tablet", "buckets stay closed until the next start: count={} error={}",
               recovered_.size(), durable.error().message);
    }
    for (const auto& [bucket, point] : recovered_) {
      if (durable.ok()) {
        checkpoint_.points[bucket] = point;
        pending.erase(bucket);
        continue;
      }
      PendingLog& log = pending[bucket];
      log.blocked = true;
      SuspectHome(files_.files(), options_.data_directory, PointOf(checkpoint_, bucket), log);
    }
  }

 private:
  OpenFiles& files_;
  const ReplayOptions& options_;
  Checkpoint& checkpoint_;
  std::vector<std::pair<TableBucket, RecoveryPoint>> recovered_;
  std::vector<JournalEntry> cuts_;
};

}  // namespace

std::string CheckpointPath(const std::string& data_directory) {
  return data_directory + "/checkpoint";
}

Status ApplyPending(BucketLog& log, const PendingLog& pending) {
  std::string records;
  for (const PendingLog::Entry& entry : pending.entries) {
    if (entry.end_offset <= log.recovery_point().offset) continue;
    records.resize(static_cast<size_t>(entry.bytes));
    ASSIGN_OR_RETURN(const size_t got,
                     entry.file->ReadAt(entry.position, records.data(), records.size()));
    const Status applied = log.Replay(BytesView(records).substr(0, got));
    if (applied.ok()) continue;
    // A damaged entry does not keep the bucket closed; a full or failing disk does.
    if (applied.code() != ErrorCode::kCorruptMessage) return applied;
    LogError("tablet", "journal entry is not usable: directory={} base_offset={} error={}",
             pending.directory, entry.base_offset, applied.error().message);
  }
  return {};
}

Result<RecoveryPoint> BringHome(OpenFiles& files, const std::string& data_directory,
                                const LogOptions& options, std::optional<RecoveryPoint> point,
                                const PendingLog& pending) {
  ASSIGN_OR_RETURN(const auto log, BucketLog::Open(files, data_directory + "/" + pending.directory,
                                                   data_directory, options, std::move(point)));
  RETURN_IF_ERROR(ApplyPending(*log, pending));
  log->MarkAllSynced();
  return log->recovery_point();
}

void SuspectHome(FileSystem& files, const std::string& data_directory,
                 const std::optional<RecoveryPoint>& point, const PendingLog& pending) {
  BucketLog::Suspect(files, data_directory + "/" + pending.directory, point);
}

Result<RecoveredJournal> RecoverJournal(OpenFiles& files, const ReplayOptions& options,
                                        Checkpoint& checkpoint) {
  RecoveredJournal recovered;
  PendingLogs& pending = recovered.pending;
  int64_t entries = 0;
  ASSIGN_OR_RETURN(recovered.journal,
                   Journal::Open(files.files(), options.data_directory + "/journal",
                                 options.journal, [&](const ReplayedEntry& entry) -> Status {
                                   ++entries;
                                   if (options.exists && !options.exists(entry.bucket)) return {};
                                   AddEntry(pending[entry.bucket], entry);
                                   return {};
                                 }));
  std::erase_if(pending, [](const auto& log) { return log.second.entries.empty(); });
  // Whoever crashes again and again before the journal is released would fill the disk with journals.
  const bool all = recovered.journal->file_count() >= options.journal.files_max / 2;
  EagerRecovery eager(files, options, checkpoint);
  for (auto& [bucket, log] : pending) {
    if (all || HasGap(log, PointOf(checkpoint, bucket))) eager.Recover(bucket, log);
  }
  eager.Finish(*recovered.journal, pending);
  if (entries > 0) {
    LogInfo("tablet", "journal read: entries={} buckets={}", entries, pending.size());
  }
  return recovered;
}

}  // namespace weir
