// Compression of single Arrow buffers: i64 uncompressed bytes (-1: what follows is not compressed)
// | data. The libraries' working memory, up to a megabyte and dear to make, belongs to the thread
// and is shared by all readers and writers on it. Source: Arrow columnar format,
// BodyCompressionMethod.BUFFER.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/log_compression.h"

namespace weir {

inline constexpr size_t kBufferPrefixBytes = 8;
inline constexpr int64_t kStoredRaw = -1;

/// Append the stored form of `plain` to `out`: nothing for no bytes, as is for kNone, raw when
/// compression does not make it smaller. LZ4 frames have independent blocks, the only ones Fluss'
/// Java reader knows. Errors  kUnknownServerError  the library failed
Status CompressBuffer(LogCompression compression, BytesView plain, std::string& out);

/// Decompress `data`, the bytes behind a prefix that declared `bytes`, to `to`.
/// Errors  kCorruptMessage  not exactly `bytes` come out
Status DecompressBuffer(LogCompressionType type, BytesView data, char* to, size_t bytes);

}  // namespace weir
