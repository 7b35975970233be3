// Compression of single Arrow buffers: i64 uncompressed bytes (-1: what follows is not compressed)
// | data. A codec owns the compressors' working memory, which costs far more to make than to use.
// One thread at a time. Source: Arrow columnar format, BodyCompressionMethod.BUFFER.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/log_compression.h"

namespace weir {

inline constexpr size_t kBufferPrefixBytes = 8;
inline constexpr int64_t kStoredRaw = -1;

class ArrowBufferCodec {
 public:
  explicit ArrowBufferCodec(LogCompression compression);
  ~ArrowBufferCodec();
  ArrowBufferCodec(const ArrowBufferCodec&) = delete;
  ArrowBufferCodec& operator=(const ArrowBufferCodec&) = delete;

  LogCompressionType type() const { return compression_.type; }

  /// Append the stored form of `plain` to `out`: nothing for no bytes, as is for kNone, raw when
  /// compression does not make it smaller. LZ4 frames have independent blocks, the only ones Fluss'
  /// Java reader knows. Errors  kUnknownServerError  the library failed
  Status Compress(BytesView plain, std::string& out);

  /// Decompress `data`, the bytes behind a prefix that declared `bytes`, to `to`, by the message's
  /// codec (which need not be this codec's own). Errors  kCorruptMessage  not exactly `bytes` come
  /// out
  Status Decompress(LogCompressionType type, BytesView data, char* to, size_t bytes);

 private:
  struct Contexts;

  Status CompressLz4(BytesView plain, std::string& out);
  Status CompressZstd(BytesView plain, std::string& out);

  LogCompression compression_;
  std::unique_ptr<Contexts> contexts_;
  std::string scratch_;
};

}  // namespace weir
