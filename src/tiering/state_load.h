// The rows of a bucket's key-value state as files of its lake table: how a primary-key table comes to the lake whose
// changes have expired. Later changes follow from the log, at the offset that the state was of.
// One thread; blocks. Nothing is visible before somebody commits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/data_file.h"
#include "tiering/hot_tail.h"
#include "tiering/kv_states.h"

namespace weir {

struct StateLoad {
  TailPart part;  // its end is the offset of the state
  int64_t rows = 0;
  int64_t bytes = 0;  // of the files
};

/// Write the present state of `bucket`, page by page: no more than a row group of it is held.
///
/// written  every path begun, for the caller to delete when the commit fails
/// Errors   those of KvStates and FileIo, and of request.alive
Result<StateLoad> WriteState(const TailRequest& request, KvStates& states,
                             const TableBucket& bucket, std::vector<std::string>& written);

/// Buckets that come to the lake together, because their rows share a partition of the lake table, and the data files
/// that the partition has now, all of which go: what they hold of the state, the new ones hold as well.
struct LoadGroup {
  std::vector<TableBucket> buckets;
  std::vector<iceberg::FileKey> replaced;
};

/// The groups of `table` that one of `wanted` is in. Reads manifests only.
Result<std::vector<LoadGroup>> PlanLoads(iceberg::FileIo& io, const TableInfo& table,
                                         const iceberg::TableMetadata& lake,
                                         const std::vector<TableBucket>& all,
                                         const std::vector<TableBucket>& wanted);

}  // namespace weir
