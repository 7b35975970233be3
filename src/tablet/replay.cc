#include "tablet/replay.h"

#include <unordered_map>

#include "base/log.h"
#include "storage/bucket_log.h"

namespace weir {
namespace {

/// The logs that the journal has something for, open while it is replayed.
class ReplayedLogs {
 public:
  ReplayedLogs(OpenFiles& files, const ReplayOptions& options, const Checkpoint& checkpoint)
      : files_(files), options_(options), checkpoint_(checkpoint) {}

  Status Take(const ReplayedEntry& entry) {
    ++entries_;
    ASSIGN_OR_RETURN(BucketLog* const log, Log(entry));
    if (log == nullptr) return {};
    const Status applied = log->Replay(entry.records);
    if (applied.ok()) return {};
    // One damaged bucket does not keep the others from starting; a full or failing disk does.
    if (applied.code() != ErrorCode::kCorruptMessage) return applied;
    LogError("tablet", "journal entry is not usable: directory={} base_offset={} error={}",
             entry.directory, entry.base_offset, applied.error().message);
    return {};
  }

  /// Everything is durable now: note it.
  void Finish(Checkpoint& checkpoint) {
    for (auto& [bucket, log] : logs_) {
      if (log == nullptr) continue;
      log->MarkAllSynced();
      checkpoint.points[bucket] = log->recovery_point();
    }
  }

  int64_t entries() const { return entries_; }
  size_t buckets() const { return logs_.size(); }

 private:
  Result<BucketLog*> Log(const ReplayedEntry& entry) {
    const auto known = logs_.find(entry.bucket);
    if (known != logs_.end()) return known->second.get();
    std::unique_ptr<BucketLog> log;
    if (!options_.exists || options_.exists(entry.bucket)) {
      const auto point = checkpoint_.points.find(entry.bucket);
      ASSIGN_OR_RETURN(
          log, BucketLog::Open(files_, options_.data_directory + "/" + std::string(entry.directory),
                               options_.data_directory, options_.log,
                               point == checkpoint_.points.end()
                                   ? std::nullopt
                                   : std::optional<RecoveryPoint>(point->second)));
    }
    return logs_.emplace(entry.bucket, std::move(log)).first->second.get();
  }

  OpenFiles& files_;
  const ReplayOptions& options_;
  const Checkpoint& checkpoint_;
  std::unordered_map<TableBucket, std::unique_ptr<BucketLog>, TableBucketHash>
      logs_;  // null: the table is gone
  int64_t entries_ = 0;
};

}  // namespace

std::string CheckpointPath(const std::string& data_directory) {
  return data_directory + "/checkpoint";
}

Result<std::unique_ptr<Journal>> ReplayJournal(OpenFiles& files, const ReplayOptions& options,
                                               Checkpoint& checkpoint) {
  ReplayedLogs logs(files, options, checkpoint);
  ASSIGN_OR_RETURN(auto journal, Journal::Open(files.files(), options.data_directory + "/journal",
                                               options.journal, [&](const ReplayedEntry& entry) {
                                                 return logs.Take(entry);
                                               }));
  if (logs.entries() == 0) return journal;
  // Entries behind a gap were dropped above and must never come back: the journal starts empty.
  RETURN_IF_ERROR(files.files().SyncAll(options.data_directory));
  logs.Finish(checkpoint);
  RETURN_IF_ERROR(
      SaveCheckpoint(files.files(), CheckpointPath(options.data_directory), checkpoint));
  journal->Release(journal->last_sequence());
  RETURN_IF_ERROR(journal->Write({}));
  LogInfo("tablet", "journal replayed: entries={} buckets={}", logs.entries(), logs.buckets());
  return journal;
}

}  // namespace weir
