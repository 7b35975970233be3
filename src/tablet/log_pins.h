// Which part of a bucket's log readers still want while they read it piece by piece: retention leaves it alone. Kept
// beside the tablets, by bucket, so that closing an idle one and opening it again changes nothing; one list for the
// process. Thread: any.
#pragma once

#include <memory>

#include "base/ids.h"

namespace weir {

/// Keep the log of `bucket` from `from` on, until the result is gone. Taken on the bucket's shard together with the
/// log's range, nothing can expire in between.
std::shared_ptr<const void> PinLog(const TableBucket& bucket, Offset from);

/// The least offset that somebody wants; INT64_MAX when nobody does.
Offset PinnedFrom(const TableBucket& bucket);

}  // namespace weir
