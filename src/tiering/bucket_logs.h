// What tiering does with the logs of buckets, as blocking calls: a round runs on a thread of its own and waits for
// shards. An interface so that rounds can be tested without tablets; the real one is MakeTabletLogs.
// Thread: any that may block, several at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class FileSystem;
class Tablets;

class BucketLogs {
 public:
  virtual ~BucketLogs() = default;

  struct Range {
    Offset start = 0;
    Offset end = 0;  // the high watermark
  };

  /// The ranges of all `buckets`, opening those that are closed.
  virtual Result<std::vector<Range>> Ranges(std::span<const TableBucket> buckets) = 0;
  /// The ends of those that are open or were closed in an orderly way; nothing is opened, nothing read.
  virtual Result<std::vector<std::optional<Offset>>> KnownEnds(
      std::span<const TableBucket> buckets) = 0;
  /// Whole log batches, the first of which contains `from`; none when `from` is the high watermark.
  virtual Result<SharedBytes> Read(const TableBucket& bucket, Offset from, int64_t bytes_max) = 0;
  /// Bring to the disk what `table.durability` has let readers see before (INV-5): all below the high watermarks.
  /// Errors  kLogStorage, kStorage  not all of it is there
  virtual Status MakeDurable(std::span<const TableBucket> buckets) = 0;
  /// Segments below `offset` may expire. Nobody waits.
  virtual void Release(const TableBucket& bucket, Offset offset) = 0;
};

/// The buckets of this server. Both must outlive the result.
///
/// files  where the tablets' logs are
std::unique_ptr<BucketLogs> MakeTabletLogs(Tablets& tablets, FileSystem& files);

}  // namespace weir
