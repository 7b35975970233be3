// Metadata documents that may be gzipped ("….gz.metadata.json").
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

/// Errors  kInvalidTable  damaged, cut off, or longer than `bytes_max` when unpacked
Result<std::string> Gunzip(BytesView bytes, int64_t bytes_max);

/// Parse JSON text; gzip is found by its first bytes.
/// Errors  kInvalidTable  as of Gunzip, or not JSON
Result<boost::json::value> ParseMaybeGzippedJson(BytesView bytes, int64_t bytes_max);

}  // namespace weir::iceberg
