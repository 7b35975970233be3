// What earlier rounds of a table left that ended without a known commit, in this process or another one: their files
// go when it is certain that nothing will ever lead to them, and stay otherwise.
// Within the round of the table; blocks.
#pragma once

#include "tiering/tiering_round.h"

namespace weir {

/// Errors  kCommitStateUnknown  too many commits are open: no new one before some are settled;  those of the catalog
Status SettleEarlierRounds(const RoundEnvironment& environment, const TableInfo& table);

}  // namespace weir
