// How ARROW batches compress their buffers; table property table.log.arrow.compression.type.
// The numbers of kLz4Frame and kZstd are Arrow's CompressionType.
#pragma once

#include <cstdint>

namespace weir {

enum class LogCompressionType : int8_t { kNone = -1, kLz4Frame = 0, kZstd = 1 };

/// The default is the protocol's: ZSTD, level 3.
struct LogCompression {
  LogCompressionType type = LogCompressionType::kZstd;
  int level = 3;  // ZSTD only, 1..22
};

}  // namespace weir
