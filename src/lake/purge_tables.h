// Deletes the files of tables that were dropped with purge, once nobody can be reading them any more. Plain; blocks.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"

namespace weir::iceberg {

class LakeCatalog;

/// Work off the catalog's purge requests older than `before_ms`. A place that a table lives in now (it was registered
/// again) is left alone and its request forgotten.
///
/// alive    called between files; an error stops
/// Returns  how many files went
Result<int64_t> PurgeDroppedTables(LakeCatalog& catalog, int64_t before_ms,
                                   const std::function<Status()>& alive);

}  // namespace weir::iceberg
