// What is done about a segment whose sync failed. The kernel has then forgotten which bytes were dirty: some may be
// on disk, some only in its cache, and some file systems have dropped those. So the file is never synced again; it is
// copied batch by batch to another one, which takes its place, and a batch that the file does not have any more comes
// from the journal. Until then the journal keeps everything. INV-1. Source: Rebello et al., USENIX ATC 2020.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "io/file.h"
#include "storage/journal.h"

namespace weir {

struct SyncTurn;

/// One segment to be copied. It does not change meanwhile: its bucket refuses appends.
struct SegmentRepair {
  /// The batch that starts at an offset, as it is in the journal; empty when it is not there.
  using FindBatch = std::function<Result<std::string>(Offset base_offset)>;

  std::shared_ptr<const File> from;
  std::string to;  // path of the copy
  Offset base_offset = 0;
  Offset end_offset = 0;
  int64_t bytes = 0;
  std::shared_ptr<SyncTurn> turn;  // the segment still has this one, or it is another file by now

  /// Write the copy and make it durable, but for its name. Blocks; not on a shard.
  ///
  /// Shape    every batch has its CRC and continues the one before, up to `bytes` and `end_offset`
  /// Errors   kCorruptRecord  a batch is neither in the file nor in the journal: do not try again
  ///          kDiskWriteLocked, kStorage  the disk refused; try again later
  Status Run(FileSystem& files, const FindBatch& journaled) const;
};

/// The batches that a journal in use holds of one bucket. Reads the journal at the first question. One thread, and
/// nobody may release the journal meanwhile.
class JournaledBatches {
 public:
  JournaledBatches(const Journal& journal, TableBucket bucket)
      : journal_(journal), bucket_(bucket) {}

  /// Errors  kStorage  the journal cannot be read
  Result<std::string> Find(Offset base_offset);

 private:
  struct Place {
    std::shared_ptr<const File> file;
    int64_t position = 0;
    size_t bytes = 0;
  };
  Status Load();

  const Journal& journal_;
  const TableBucket bucket_;
  bool loaded_ = false;
  std::map<Offset, Place> places_;
};

}  // namespace weir
