// The name of a round or a step of compaction under way, in the meta store from before its first file until its commit.
// Key `lake-round/<table>`, value JSON {"version":1,"round":…,"location":…} (docs/formats/meta_store.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace weir {

class Store;
class Transaction;

struct RoundName {
  std::string round;        // part of the name of every file the round writes itself
  std::string location;     // the lake table's files are below
  int64_t snapshot_id = 0;  // part of the name of every other

  // Of commits to a catalog elsewhere, whose outcome may stay unknown for a while:
  int64_t sequence_number = 0;  // of the snapshot; 0: the commit has not begun
  int64_t asked_ms = 0;         // when it began
};

/// Errors  kCommitConflict  the table was dropped
Status SaveRound(Store& store, TableId table, const RoundName& name);
std::optional<RoundName> FindRound(const Store& store, TableId table);
void ForgetRound(TableId table, Transaction& transaction);

// Rounds whose commit may have happened and may still, beside the one under way. Key
// `lake-round/<table>/<snapshot id>`, the same value.

/// Put the round of a table there. Errors  kCommitConflict  it was dropped
Status SetRoundAside(Store& store, TableId table, const RoundName& name);
std::vector<RoundName> FindRoundsAside(const Store& store, TableId table);
void ForgetRoundAside(TableId table, int64_t snapshot_id, Transaction& transaction);

// Steps of compaction, which run beside rounds and outlive a table that is dropped meanwhile. Key
// `lake-compaction/<table>/<snapshot id>`, the same value.

struct CompactionName {
  TableId table;
  RoundName name;
};
Status SaveCompaction(Store& store, TableId table, const RoundName& name);
/// Of all tables.
std::vector<CompactionName> FindCompactions(const Store& store);
void ForgetCompaction(TableId table, int64_t snapshot_id, Transaction& transaction);

}  // namespace weir
