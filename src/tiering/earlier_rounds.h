// What earlier rounds and steps of compaction left that ended without a known commit, in this process or another one:
// their files go when it is certain that nothing will ever lead to them, and stay otherwise. Blocks.
#pragma once

#include "tiering/tiering_round.h"

namespace weir {

/// Within the round of the table.
/// Errors  kCommitStateUnknown  too many commits are open: no new one before some are settled;  those of the catalog
Status SettleEarlierRounds(const RoundEnvironment& environment, const TableInfo& table);

/// Of every table, also of such as are gone. While no step of compaction is under way; rounds may be.
/// Errors  the first; what comes after it was looked at as well
Status SettleEarlierCompactions(const RoundEnvironment& environment);

}  // namespace weir
