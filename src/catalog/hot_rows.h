// What the live catalog must be told about tables that Weir tiers: which rows are acknowledged and not yet in the
// lake. The rows live in buckets, which this module cannot see; server/ implements this over tiering/.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lake/lake_catalog.h"
#include "lake/snapshot_builder.h"
#include "meta/lake_snapshots.h"

namespace weir::iceberg {

/// Who sees rows that are not committed to the lake yet: nobody; clients that let the server plan their scans; every
/// client, by a snapshot in the loaded metadata that was never committed.
enum class LiveMode : uint8_t { kOff, kPlan, kLoad };

/// A file that somebody may still read; deleted with the last reference.
class TemporaryFile {
 public:
  TemporaryFile(FileIo& io, std::string path) : io_(io), path_(std::move(path)) {}
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }
  /// It belongs to the table now: leave it where it is.
  void Keep() const { kept_ = true; }

 private:
  FileIo& io_;
  const std::string path_;
  mutable std::atomic<bool> kept_ = false;
};
using TemporaryFiles = std::vector<std::shared_ptr<const TemporaryFile>>;

/// The rows that a committed snapshot lacks, as files, and how they change it.
struct HotFiles {
  SnapshotChange change;
  TemporaryFiles files;
  LakeOffsets covered;  // by the committed snapshot and these rows
  /// Not everything: too much is hot, or rows have columns that the lake table lacks. Tier and ask again.
  bool incomplete = false;
  /// Nothing, because the table has moved on since it was loaded. Load it and ask again.
  bool stale = false;
};

class HotRows {
 public:
  virtual ~HotRows() = default;

  virtual LiveMode ModeOf(TableId table) const = 0;
  /// Name everything acknowledged now that the table's snapshot lacks: equal names, equal rows; "" when there is
  /// nothing. Blocks shortly.
  virtual Result<std::string> VersionOf(const LoadedTable& table) = 0;
  /// Write the rows of VersionOf, or more, if some came meanwhile.
  virtual Result<HotFiles> Write(const LoadedTable& table) = 0;
  /// Bring everything acknowledged now to the lake, and wait for it.
  virtual Status TierNow(TableId table) = 0;
  /// Snapshots of the lake table are about to be removed: nothing of Weir needs any but the current one after this.
  /// Waits for the round under way.
  /// Errors  kCommitConflict  that cannot be said before the next round
  virtual Status BeforeRemoval(TableId table) = 0;
  /// Commit a snapshot of such rows as it is, with the offsets it covers. `files` are synced, and kept by the caller.
  /// Errors  kCommitConflict  the table is not what the snapshot was made on any more; nothing happened
  virtual Status Adopt(TableId table, const Snapshot& snapshot, const LakeOffsets& covered,
                       const std::vector<std::string>& files) = 0;
};

}  // namespace weir::iceberg
