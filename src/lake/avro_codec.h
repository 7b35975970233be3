// The codecs of Avro containers. Decompression is bounded by the caller's limit, whatever the bytes claim.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

enum class AvroCodec { kNull, kDeflate, kSnappy, kZstandard };

/// The name in a container's header: "null", "deflate", "snappy", "zstandard".
/// Errors  kUnsupportedVersion  another codec
Result<AvroCodec> AvroCodecFromName(std::string_view name);
std::string_view Name(AvroCodec codec);

/// Errors  kCorruptRecord  the bytes are damaged or longer than `bytes_max` when decompressed
Result<std::string> AvroDecompress(AvroCodec codec, BytesView bytes, size_t bytes_max);

std::string AvroCompress(AvroCodec codec, BytesView bytes);

}  // namespace weir::iceberg
