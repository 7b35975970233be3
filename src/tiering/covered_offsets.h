// Which offsets a lake table covers, by the table's own word: each snapshot of tiering names the file of its offsets in
// its summary (`fluss-offsets`), and later commits of others stand on it. In a catalog elsewhere this is the truth, and
// what our meta store remembers follows it: after an answer that was lost, a crash between the two, a foreign
// commit, or a table that was rolled back.
#pragma once

#include "base/result.h"
#include "lake/fluss_layout.h"
#include "lake/table_catalog.h"
#include "meta/lake_snapshots.h"
#include "tiering/tiering_round.h"

namespace weir {

using iceberg::kOffsetsKey;
/// Who made a snapshot, as Fluss' own job says it.
inline constexpr const char* kCommitUserKey = "commit-user";
inline constexpr const char* kCommitUser = "__fluss_lake_tiering";

/// What the current snapshot of `lake` covers; nothing when it has no rows of tiering.
///
/// known   what is remembered; its offsets are taken when the table stands on that snapshot
/// Errors  kStorage  nobody can say: the snapshots that knew have expired;  those of reading the offsets file
Result<std::optional<LakeSnapshot>> CoveredBy(iceberg::FileIo& io,
                                              const iceberg::TableMetadata& lake, TableId table,
                                              const std::optional<LakeSnapshot>& known);

/// Bring what is remembered to what the table says. Where the catalog shares our store it says nothing new about
/// offsets, but others may have committed on top of the snapshot that is remembered: the current one is from then on,
/// with the same offsets (INV-5), and none before it is needed. No round of the table runs meanwhile.
/// Errors  those of CoveredBy;  kCommitConflict  a job elsewhere has brought rows whose offsets it is still to tell, or
///         nobody can say;  kLogOffsetOutOfRange  the lake lost rows that the log does not have any more, or has
///         rows that the log never had or lost: nothing is taken over
Status FollowLake(const RoundEnvironment& environment, const TableInfo& table,
                  const iceberg::TableMetadata& lake);

/// INV-5: whether a log that ends at `end` has all that the lake covers.
/// Errors  kLogOffsetOutOfRange  it does not: its next rows would take offsets that the lake has
Status CheckNotAhead(const TableInfo& table, const TableBucket& bucket, Offset covered, Offset end);

}  // namespace weir
