// What the two halves of a step of compaction share: names of its files, delete files, and which deletes go with the
// data files that are rewritten. For compaction.cc and compaction_rebase.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lake/compaction.h"
#include "lake/position_deletes.h"

namespace weir::iceberg {

class CompactionFiles {
 public:
  /// written  gets every path begun
  CompactionFiles(const CompactionRequest& request, std::vector<std::string>& written)
      : request_(request), written_(written) {}

  std::string NewPath(int32_t spec_id, const PartitionValues& partition, std::string_view suffix);

  /// As the table's format version has it: deletion vectors, or one file for each data file, so that the next plan
  /// knows how many rows each lost. None for no rows.
  Result<std::vector<DataFile>> WriteDeletes(int32_t spec_id, const PartitionValues& partition,
                                             const DeletedRows& rows);

 private:
  const CompactionRequest& request_;
  std::vector<std::string>& written_;
};

/// The delete files of a table's current snapshot.
Result<std::vector<DeleteFile>> LiveDeletes(FileIo& io, const TableMetadata& table);

/// Those of `live` that are about no data file any more once the rewritten ones are gone.
///
/// scan  of the same snapshot
std::vector<FileKey> IdleDeletes(const std::vector<DeleteFile>& live, const ScanPlan& scan,
                                 const Compacted& compacted);

}  // namespace weir::iceberg
