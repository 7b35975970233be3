// What of each table is in the lake: per committed lake snapshot, the first offset of each bucket that it does
// not contain. INV-5: the built-in tiering changes these records and the pointer of the lake table in one
// transaction of the same store. Format: docs/formats/lake_offsets.md.
// Source: Fluss 545c5539 LakeTable, LakeTableHelper, TableBucketOffsets.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Store;
class Transaction;

/// Per bucket the first offset that is not in the lake; buckets without data in the lake are absent.
using LakeOffsets = std::map<TableBucket, Offset>;

/// The text of an offsets file, as Fluss' readers know it.
std::string ToOffsetsJson(TableId table, const LakeOffsets& offsets);
/// Errors  kStorage  not an offsets file, or of another table
Result<LakeOffsets> LakeOffsetsFromJson(TableId table, std::string_view text);

struct LakeSnapshot {
  int64_t snapshot_id = 0;
  LakeOffsets tiered;                   // all buckets, not only those of the last round
  std::string tiered_path;              // of the offsets file; "" when there is none
  std::optional<LakeOffsets> readable;  // absent: not readable yet (lakes that must compact first)
  std::string readable_path;
  int64_t committed_ms = 0;
};

class LakeSnapshots {
 public:
  /// How many snapshots of a table to remember when the next one comes.
  struct Keep {
    enum class Kind : uint8_t { kLatest, kNewest, kFrom, kAll } kind = Kind::kLatest;
    int64_t value = 0;  // kNewest: how many; kFrom: the oldest snapshot id (unknown: keep all)
  };

  /// A change that is part of a transaction which is not committed yet.
  struct Change {
    TableId table;
    int64_t sequence = 0;
    LakeSnapshot snapshot;
    std::vector<int64_t> forgotten;  // sequences
  };

  /// Snapshots in `store`, which must outlive this.
  LakeSnapshots(Store& store, const Clock& clock);
  Status Load();

  /// The newest snapshot of the table, the newest readable one, the one of an id.  Thread: any
  std::optional<LakeSnapshot> Latest(TableId table) const;
  std::optional<LakeSnapshot> Readable(TableId table) const;
  std::optional<LakeSnapshot> Find(TableId table, int64_t snapshot_id) const;

  /// The first offset of a bucket that the newest snapshot does not contain; 0 when there is none.
  Offset TieredOffset(const TableBucket& bucket) const;

  /// Make `snapshot` the table's newest as part of `transaction`; one known by its id is replaced in place (kNewest:
  /// and those after it forgotten). Whoever commits the transaction, which needs the table (NeedTable), then calls
  /// Applied. One writer per table at a time.
  Change Add(TableId table, LakeSnapshot snapshot, Keep keep, Transaction& transaction) const;
  void Applied(Change change);
  /// Both, in a transaction of its own.  Durable  on return
  /// Returns the snapshots that were forgotten, so that their files can go.
  /// Errors  kCommitConflict  the table was dropped
  Result<std::vector<LakeSnapshot>> Commit(TableId table, LakeSnapshot snapshot, Keep keep);

  /// The table is gone. What comes later finds that in the store; what is being committed goes as well.
  Status Drop(TableId table);
  /// Tables that have snapshots.
  std::vector<TableId> Tables() const;

 private:
  using Sequences = std::map<int64_t, LakeSnapshot>;  // oldest first

  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<TableId, Sequences> tables_;
};

}  // namespace weir
