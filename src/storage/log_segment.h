// One segment: `%020d.log`, batches end to end, named by its first offset, with its two sparse indexes.
// Owned by a BucketLog; single-threaded. Format: docs/formats/log_segment.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/log_batch.h"
#include "storage/log_options.h"
#include "storage/open_files.h"
#include "storage/sparse_index.h"

namespace weir {

/// "00000000000000000042" + suffix.
std::string SegmentFileName(Offset base_offset, std::string_view suffix);
/// The base offset a segment's file name says, if `name` is one with this suffix.
std::optional<Offset> ParseSegmentFileName(std::string_view name, std::string_view suffix);

class LogSegment {
 public:
  LogSegment(OpenFiles& files, const std::string& directory, Offset base_offset, int64_t bytes,
             const LogOptions& options);

  Offset base_offset() const { return base_offset_; }
  int64_t bytes() const { return bytes_; }
  std::string Path(std::string_view suffix) const;

  /// Whether a batch ending at `last_offset` can still be addressed by the 32-bit fields of the indexes.
  bool Fits(Offset last_offset, int64_t bytes) const;

  /// Write `pieces` at the end. On error the file is cut back.
  Status Write(std::span<const BytesView> pieces, int64_t bytes);
  /// Take notice of a batch that starts at `position` (index entries, timestamps).
  void Note(const LogBatchHeader& header, int64_t position);
  void Note(Offset base, Offset last, int64_t timestamp, int64_t position);

  /// A batch's header and where it starts.
  struct Found {
    LogBatchHeader header;
    int64_t position = 0;
  };
  /// The batch that contains `offset`, looking only before `end` bytes; nothing when all of them are below it.
  Result<std::optional<Found>> Find(Offset offset, int64_t end);
  /// The end of the last batch that ends at or before `limit`, walking from `from` (a batch's start), and the
  /// offset after it.
  struct Boundary {
    int64_t position = 0;
    Offset next_offset = 0;
  };
  Result<Boundary> LastBoundary(Boundary from, int64_t limit);
  /// The first batch with commit timestamp >= `timestamp_ms`.
  Result<std::optional<Found>> FindTimestamp(int64_t timestamp_ms);
  /// Walk headers from `position` (a batch's start) to `end`; `visit` returns false to stop.
  Status Walk(int64_t position, int64_t end, const std::function<bool(const LogBatchHeader&, int64_t)>& visit);

  /// Largest commit timestamp of the segment; 0 when it is empty.
  Result<int64_t> MaxTimestamp();

  /// Cut to `bytes`, which ends batch `last_offset`.
  Status TruncateTo(int64_t bytes, Offset next_offset);

  Result<std::shared_ptr<File>> file();
  /// Replace the file by a copy on other blocks, made durable: after a failed sync.
  Status Rewrite();
  Status SaveIndexes();
  /// Save the indexes, return preallocated space, close.
  Status Close();
  /// No more appends will come: leave the indexes complete.
  Status Seal();
  /// Rename the files to *.deleted; returns their new paths.
  Result<std::vector<std::string>> MarkDeleted();
  /// Rebuild the indexes from the batch headers up to `end`.
  Status RebuildIndexes(int64_t end);
  void ForgetIndexes();

  // State the BucketLog keeps beside the file.
  bool unsynced = false;        // bytes were written after the last successful sync
  bool must_rewrite = false;    // a sync of this file failed

 private:
  Status LoadIndexes();
  Status ReserveFor(File& file, int64_t bytes);

  OpenFiles& files_;
  const std::string& directory_;
  const Offset base_offset_;
  const LogOptions& options_;
  int64_t bytes_;
  int64_t reserved_ = 0;         // file space asked for so far
  OpenFiles::Slot slot_;
  bool indexes_loaded_ = false;
  OffsetIndex offset_index_;
  TimeIndex time_index_;
  int64_t indexed_at_ = -1;      // position of the newest offset-index entry; -1: none yet
  int64_t max_timestamp_ = -1;   // -1: not known yet
  Offset max_timestamp_offset_ = 0;
};

}  // namespace weir
