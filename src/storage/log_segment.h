// One segment: `%020d.log`, batches end to end, named by its first offset, with its two sparse indexes.
// Owned by a BucketLog; single-threaded. Format: docs/formats/log_segment.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Whether a file may still be synced: after one failure the kernel has forgotten what was dirty, and the next
/// sync would succeed without having written anything. Shared by all tickets of the file; they take turns.
struct SyncTurn {
  std::mutex mutex;
  bool failed = false;  // guarded by mutex
};

/// A file beside a segment that could not be synced and was not copied yet; its contents mean nothing.
inline constexpr const char* kSuspectSuffix = ".log.suspect";
/// Make such a file.
void MarkSuspect(FileSystem& files, const std::string& path);

class LogSegment {
 public:
  LogSegment(OpenFiles& files, const std::string& directory, Offset base_offset, int64_t bytes,
             const LogOptions& options);

  Offset base_offset() const { return base_offset_; }
  int64_t bytes() const { return bytes_; }
  std::string Path(std::string_view suffix) const;

  /// Whether a batch of `bytes` ending at `last_offset` can still be addressed by the 32-bit fields of the indexes.
  bool Fits(Offset last_offset, int64_t bytes) const;

  /// Write `pieces` at the end; they become part of the segment with the Note() calls that follow.
  /// Errors  kDiskWriteLocked, kLogStorage; the file is cut back
  Status Write(std::span<const BytesView> pieces, int64_t bytes);
  /// Take notice of the next batch of the file: it ends where bytes() is afterwards. Write or PrepareToNote was
  /// called before.
  struct Batch {
    Offset base_offset = 0;
    Offset last_offset = 0;
    int64_t timestamp = 0;
    int64_t bytes = 0;
  };
  void Note(const Batch& batch);

  /// Believe only the first `position` bytes; recovery notes the batches behind them one by one.
  void StartCheck(int64_t position);

  Status PrepareToNote() { return LoadIndexes(); }

  /// A batch's header and where it starts.
  struct Found {
    LogBatchHeader header;
    int64_t position = 0;
  };
  /// The batch that contains `offset`; nothing when all batches are below it.
  Result<std::optional<Found>> Find(Offset offset);
  /// The first batch with commit timestamp >= `timestamp_ms`.
  Result<std::optional<Found>> FindTimestamp(int64_t timestamp_ms);
  /// The last place between batches at or before `limit`. `from` is one of them.
  Result<int64_t> LastBoundary(int64_t from, int64_t limit, Offset* next_offset);
  /// Walk headers from `position` (a batch's start); `visit` returns false to stop.
  /// Errors  kLogStorage  what is there is not a batch
  using Visit = std::function<bool(const LogBatchHeader& header, int64_t position)>;
  Status Walk(int64_t position, const Visit& visit);

  /// Largest commit timestamp of the segment; 0 when it is empty.
  Result<int64_t> MaxTimestamp();

  /// Cut to `bytes`, where the batch with `next_offset` started. Durable when it returns.
  Status TruncateTo(int64_t bytes, Offset next_offset);

  Result<std::shared_ptr<File>> file();
  /// A sync of the file failed: it must be copied (segment_repair.h), also should this process end before that.
  void Suspect();
  std::string CopyPath() const { return Path(".log.rewrite"); }
  /// The copy, whole and durable, takes the place of the file. Durable once the directory is synced.
  /// Errors  kStorage
  Status UseCopy();
  Status SaveIndexes();
  /// No more appends will come: leave the indexes complete.
  Status Seal();
  /// Save the indexes, return preallocated space, close.
  Status Close();
  /// Rename the files to *.deleted; returns their new paths.
  Result<std::vector<std::string>> MarkDeleted();

  // Kept by BucketLog.
  int64_t synced_bytes = 0;  // durable prefix
  bool suspect = false;      // a sync of this file failed
  bool lost = false;         // and something of it is nowhere any more
  std::shared_ptr<SyncTurn> sync_turn = std::make_shared<SyncTurn>();

 private:
  Status LoadIndexes();
  Status ReadIndexes();
  Status RebuildIndexes();
  void AddIndexEntries(const Batch& batch, int64_t position);
  Status ReserveFor(File& file, int64_t bytes);

  OpenFiles& files_;
  const std::string& directory_;
  const Offset base_offset_;
  const LogOptions& options_;
  int64_t bytes_;
  int64_t reserved_ = 0;  // file space asked for so far, up to this position
  OpenFiles::Slot slot_;
  bool indexes_loaded_ = false;
  OffsetIndex offset_index_;
  TimeIndex time_index_;
  int64_t indexed_at_ = 0;      // where the newest indexed batch starts
  int64_t max_timestamp_ = -1;  // -1: not known yet
  Offset max_timestamp_offset_ = 0;
};

}  // namespace weir
