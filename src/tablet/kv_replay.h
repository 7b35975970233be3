// Replay: reads a bucket's changelog back and applies it to the index, so that the state is the log
// (INV-3).
#pragma once

#include <functional>

#include "base/ids.h"
#include "base/result.h"
#include "record/change_type.h"
#include "tablet/kv_state.h"

namespace weir {

class LogTablet;

/// Call `visit` with every change in [from, log.end_offset()): rows decoded, padded to the latest
/// schema. `batch_end` is called after each batch with its next offset and size. Errors
/// kCorruptMessage, kLogStorage, kLogOffsetOutOfRange, or what a callback returned
Status ReadChanges(LogTablet& log, const KvRules& rules, Offset from,
                   const std::function<Status(ChangeType change, Offset offset, Row row)>& visit,
                   const std::function<Status(Offset next, int64_t bytes)>& batch_end);

/// Apply the log from state.flushed_offset on. `make_room(next_offset)` is called between batches
/// when memory is short; it may write the state back.
Status Replay(KvState& state, const std::function<Status(Offset next)>& make_room);

}  // namespace weir
