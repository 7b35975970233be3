// How a PUT_KV request wants its rows merged.
#pragma once

#include <cstdint>
#include <span>

namespace weir {

/// PutKv's agg_mode. Overwrite bypasses the merge engine and its ban on deletes (Flink's undo
/// recovery).
enum class MergeMode : int32_t { kDefault = 0, kOverwrite = 1 };

struct PutOptions {
  std::span<const int32_t> target_columns =
      {};  // positions in the latest schema; empty: whole rows
  MergeMode merge_mode = MergeMode::kDefault;
};

}  // namespace weir
