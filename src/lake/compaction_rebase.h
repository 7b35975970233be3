// A step of compaction whose table moved on while its files were written, brought to the table as it is now. Every
// file that it replaces must still be there as it was; rows of them that others deleted meanwhile are deleted in the
// new files, in the same snapshot: as rows keep their order, an old position becomes a new one by counting those that
// were left out before it. Deletes by value are younger than the new data files and go on to apply by themselves.
// Anything else that happened to those files (rewritten, removed, a delete taken back) is a reason to give up.
// Reads manifests and the deletes that came; writes delete files. One thread; blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/compaction.h"
#include "lake/position_deletes.h"

namespace weir::iceberg {

struct RebasedCompaction {
  SnapshotChange change;  // fits the current snapshot of `now`
  DeletedRows deleted;    // rows of the new files that are gone already
  /// Deletes by value came that are about rewritten files: nobody has looked which rows they hit.
  bool deletes_by_value = false;
};

/// request   the one that `compacted` was made by
/// written   gets every path begun, also on failure
/// Returns   nothing when the change cannot be made any more.
/// Errors    those of FileIo
Result<std::optional<RebasedCompaction>> RebaseCompaction(const CompactionRequest& request,
                                                          const Compacted& compacted,
                                                          const TableMetadata& now,
                                                          std::vector<std::string>& written);

}  // namespace weir::iceberg
