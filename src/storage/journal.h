// The shared journal of a disk: what many buckets append in one moment becomes durable with one fdatasync. A few
// recycled, pre-zeroed files of CRC'd, sequence-numbered records, each a round of group commit. Segments are
// synced later; then the records are released and the file is used again.
// Written by one thread (tablet/group_commit.h), prepared by another; see the notes on each method.
// Format and what a torn write leaves: docs/formats/journal.md. INV-1.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/file.h"
#include "storage/journal_options.h"

namespace weir {

/// One append of one bucket: bytes by reference.
struct JournalEntry {
  TableBucket bucket;
  std::string_view directory;  // of the bucket's log, relative to the data directory
  Offset base_offset = 0;
  Offset end_offset = 0;
  std::span<const BytesView> pieces;
};

/// The same, read back.
struct ReplayedEntry {
  TableBucket bucket;
  std::string_view directory;
  Offset base_offset = 0;
  Offset end_offset = 0;
  BytesView records;
  std::shared_ptr<const File> file;  // where the records are, until the journal releases them
  int64_t position = 0;
};

/// Parse one record that starts at the front of `bytes`, which may go on behind it; the entries point into it.
/// Errors  kCorruptMessage  not a record, cut short, or damaged
struct JournalRecord {
  uint64_t sequence = 0;
  uint64_t released = 0;
  uint64_t epoch = 0;
  int64_t bytes = 0;  // in the file, with padding
  std::vector<ReplayedEntry> entries;
};
Result<JournalRecord> ParseJournalRecord(BytesView bytes);

class Journal {
 public:
  using Sequence = uint64_t;
  using Replay = std::function<Status(const ReplayedEntry&)>;

  /// Open or create the journal in `directory` and hand every live entry to `replay`, oldest first. Torn and
  /// stale records are not live. `replay` may return an error to stop the start.
  ///
  /// Errors  kStorage  a file cannot be read; damage in the middle is stepped over and reported in the log
  static Result<std::unique_ptr<Journal>> Open(FileSystem& files, std::string directory,
                                               const JournalOptions& options, const Replay& replay);
  ~Journal();

  /// Write one record with all entries and make it durable. One thread at a time.
  ///
  /// Errors   kStorage  the disk refused twice, on two files; nothing of this record counts as written
  ///          kDiskWriteLocked  no space for a new file; try again later
  /// Durable  all entries, when it returns success
  Result<Sequence> Write(std::span<const JournalEntry> entries);

  /// Everything up to and including `sequence` is durable elsewhere. Replay knows with the next Write. Any thread.
  void Release(Sequence sequence);

  /// Hand every entry that is not released to `visit`, oldest first, while the journal is in use; perhaps also one that
  /// is just being written. Slow; any thread, but nobody may call Release meanwhile.
  ///
  /// Errors  kStorage  a file cannot be read; those of `visit`
  Status ForEachLive(const Replay& visit) const;

  /// Make the next file ready, whole and zeroed, if none is. Slow; one thread at a time, any but the writer's.
  Status PrepareNextFile();

  /// Sequence of the last record written or replayed, 0 when none. Any thread.
  Sequence last_sequence() const { return last_sequence_.load(std::memory_order_acquire); }
  /// Sequence up to which records are released. Any thread.
  Sequence released() const;
  /// How many files there are. Any thread.
  int32_t file_count() const;

 private:
  struct JournalFile {
    std::shared_ptr<File> file;
    int64_t number = 0;  // in its name
    int64_t zeroed = 0;  // overwriting costs a third of growing
    int64_t used = 0;
    Sequence first = 0;   // oldest record of the current use
    Sequence last = 0;    // newest; 0: none
    bool failed = false;  // a sync failed: not used again
  };

  Journal(FileSystem& files, std::string directory, const JournalOptions& options);

  Status Load(const Replay& replay);
  Status ScanFile(JournalFile& file,
                  const std::function<Status(const JournalRecord&)>& visit) const;
  Result<std::unique_ptr<JournalFile>> CreateFile(int64_t zeroed);
  Status UseNextFile();
  Status WriteToActive(std::span<const BytesView> pieces, int64_t bytes, Sequence sequence);
  void Recycle(std::unique_ptr<JournalFile> file);

  FileSystem& files_;
  const std::string directory_;
  const JournalOptions options_;
  uint64_t epoch_ = 1;
  std::atomic<Sequence> last_sequence_{0};
  std::unique_ptr<JournalFile> active_;  // the writer's

  mutable std::mutex mutex_;  // everything below
  std::vector<std::unique_ptr<JournalFile>> full_;
  std::vector<std::unique_ptr<JournalFile>> free_;
  std::shared_ptr<File> active_file_;  // of active_, for others than the writer
  Sequence released_ = 0;
  int64_t next_number_ = 1;
};

}  // namespace weir
