// Rows of committed data files that are gone, as what a reader of the lake table's format understands:
// position deletes, deletion vectors, or the files written anew without them
// (table.datalake.iceberg.delete-mode).
// One thread; blocks. Nothing is visible before somebody commits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "meta/table_options.h"
#include "tiering/hot_tail.h"

namespace weir {

struct LakeDeletes {
  std::vector<iceberg::DataFile> added;  // delete files, or data files written anew
  std::vector<iceberg::FileKey> removed;
  std::vector<std::string> removed_data_files;
};

/// Write what `tail` deletes. Keys of rows that move are added to tail.keys.
///
/// written  every path begun, for the caller to delete when the commit fails
/// Errors   kInvalidTable  a data file that is not live;  those of FileIo
Result<LakeDeletes> WriteLakeDeletes(const TailRequest& request, LakeDeleteMode mode, Tail& tail,
                                     std::vector<std::string>& written);

}  // namespace weir
