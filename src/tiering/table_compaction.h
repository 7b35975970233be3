// One step of compaction of a lake table, committed. For a table that Weir tiers it runs between rounds of tiering
// (TieringRunner::BetweenRounds): the key index follows, the covered offsets are carried over to the new
// snapshot in the
// same transaction (INV-5), and the step's name is kept in the meta store like a round's, so that files of a step
// that did not commit are swept by the next round. One thread; blocks.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "lake/compaction.h"
#include "tiering/tiering_round.h"

namespace weir {

struct CompactionResult {
  int64_t bytes = 0;  // of the files that were read
  int64_t rows = 0;
  int64_t files_before = 0;
  int64_t files_after = 0;
  bool more = false;

  bool did_nothing() const { return files_before == 0; }
};

/// state  of the Fluss table's rounds, held by the caller; null for a table that Weir does not tier
/// Errors  kCommitConflict  somebody else committed meanwhile: nothing happened;  kCommitStateUnknown;
///         those of lake/compaction.h
Result<CompactionResult> CompactTable(const RoundEnvironment& environment,
                                      const iceberg::Ident& ident, RoundState* state,
                                      const iceberg::CompactionOptions& options,
                                      const std::function<Status()>& alive);

}  // namespace weir
