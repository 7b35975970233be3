// The shared journal of a disk: what many buckets append in one moment becomes durable with one fdatasync. A few
// recycled, pre-zeroed files of CRC'd, sequence-numbered records, each a round of group commit. Segments are
// synced later; then the records are released and the file is used again.
// Written by one thread (tablet/group_commit.h), prepared by another; see the notes on each method.
// Format and what a torn write leaves: docs/formats/journal.md. INV-1.
#pragma once

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

namespace weir {

struct JournalOptions {
  int64_t file_bytes = 64 * MiB;
  int64_t first_file_bytes = 1 * MiB;  // a fresh start must not wait for zeroes
  int32_t files_max = 8;               // more are not made; Write then fails until one is released
};

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
};

class Journal {
 public:
  using Sequence = uint64_t;

  /// Open or create the journal in `directory` and hand every live entry to `replay`, oldest first. Torn and
  /// stale records are not live. `replay` may return an error to stop the start.
  ///
  /// Errors  kStorage  a file cannot be read; damage in the middle is cut off and reported in the log
  static Result<std::unique_ptr<Journal>> Open(FileSystem& files, std::string directory, const JournalOptions& options,
                                               const std::function<Status(const ReplayedEntry&)>& replay);
  ~Journal();

  /// Write one record with all entries and make it durable. One thread at a time.
  ///
  /// Errors   kStorage  the disk refused twice, on two files; nothing of this record counts as written
  ///          kDiskWriteLocked  no space for a new file; try again later
  /// Durable  all entries, when it returns success
  Result<Sequence> Write(std::span<const JournalEntry> entries);

  /// Everything up to and including `sequence` is durable elsewhere. Takes effect for replay with the next
  /// Write (or WriteRelease). Thread-safe.
  void Release(Sequence sequence);
  /// Write the release down at once. Same thread as Write.
  Status WriteRelease();

  /// Make the next file ready: whole and zeroed. Slow; any thread but the writer's, one at a time.
  void PrepareNextFile();
  bool wants_next_file() const;

  /// Sequence of the last record written, 0 when none.
  Sequence last_sequence() const { return last_sequence_; }
  /// Bytes of records that are not released.
  int64_t live_bytes() const;

 private:
  struct JournalFile {
    std::unique_ptr<File> file;
    int64_t bytes = 0;       // zeroed so far
    Sequence last = 0;       // newest record in it
    int64_t used = 0;
  };

  Journal(FileSystem& files, std::string directory, const JournalOptions& options);

  Status Scan(const std::function<Status(const ReplayedEntry&)>& replay);
  Status SwitchFile();
  Status WriteOnce(std::span<const BytesView> pieces, int64_t bytes);
  Result<std::unique_ptr<JournalFile>> CreateFile(int64_t bytes);

  FileSystem& files_;
  const std::string directory_;
  const JournalOptions options_;
  Sequence last_sequence_ = 0;                 // writer thread
  std::unique_ptr<JournalFile> active_;        // writer thread
  mutable std::mutex mutex_;                   // everything below
  std::vector<std::unique_ptr<JournalFile>> full_;
  std::unique_ptr<JournalFile> next_;
  Sequence released_ = 0;
  int64_t next_number_ = 1;
};

}  // namespace weir
