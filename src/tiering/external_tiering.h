// The server's part when Fluss' own tiering job writes the lake: it asks where offsets are kept, commits to the
// lake by itself, and then tells us what it committed.
//   PREPARE: offsets of this round, merged with the last snapshot's, in a file; the job keeps its path
//   COMMIT:  snapshot id and path; from now on readers see that snapshot with those offsets
// Files: <folder>/<database>/<table>-<id>/metadata/<random name>.offsets (docs/formats/lake_offsets.md).
// Thread: any that may block. Source: Fluss 545c5539 LakeTableHelper, CommitLakeTableSnapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "meta/lake_snapshots.h"
#include "meta/table_info.h"
#include "tiering/bucket_logs.h"

namespace weir {

class FileSystem;

class ExternalTiering {
 public:
  /// folder  absolute; made when the first file is written
  ExternalTiering(FileSystem& files, std::string folder, LakeSnapshots& snapshots, BucketLogs& logs)
      : files_(files), folder_(std::move(folder)), snapshots_(snapshots), logs_(logs) {}

  enum class Previous : uint8_t { kMerge, kIgnore };

  /// Write the offsets file of a round and return its path.
  /// Errors  kStorage, kDiskWriteLocked
  /// Durable  on return
  Result<std::string> Prepare(const TableInfo& table, LakeOffsets offsets, Previous previous);

  struct Committed {
    int64_t snapshot_id = 0;
    std::string tiered_path;
    std::optional<std::string> readable_path;
    std::optional<int64_t> earliest_to_keep;  // nothing: only this one
  };
  /// Remember it, and let segments of the log that it covers expire.
  /// Errors  kInvalidConfig  a path that Prepare did not give out;  kStorage
  Status Commit(const TableInfo& table, const Committed& committed);

  /// What jobs before 0.9 send: offsets without a file, merged with those before.
  Status CommitOffsets(const TableInfo& table, int64_t snapshot_id, LakeOffsets offsets);

 private:
  std::string FolderOf(const TableInfo& table) const;
  Result<LakeOffsets> Read(const TableInfo& table, const std::string& path) const;
  Status MakeDurable(const TableInfo& table, const LakeOffsets& offsets);
  void Release(const LakeOffsets& offsets);
  void Discard(const TableInfo& table, const std::string& path) const;

  FileSystem& files_;
  const std::string folder_;
  LakeSnapshots& snapshots_;
  BucketLogs& logs_;
};

}  // namespace weir
