#include "lake/avro_codec.h"

#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "base/check.h"
#include "base/endian.h"

namespace weir::iceberg {
namespace {

constexpr int kRawDeflate = -15;
constexpr int kDeflateMemory = 8;
constexpr size_t kStep = 256 * KiB;

Failure Damaged(AvroCodec codec) {
  return Fail(ErrorCode::kCorruptRecord, "avro block cannot be decompressed: codec={}",
              Name(codec));
}

Failure TooLarge(AvroCodec codec, size_t bytes_max) {
  return Fail(ErrorCode::kCorruptRecord, "avro block is too large: codec={} bytes_max={}",
              Name(codec), bytes_max);
}

Result<std::string> Inflate(BytesView bytes, size_t bytes_max) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return Damaged(AvroCodec::kDeflate);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    const size_t have = out.size();
    if (have > bytes_max) return TooLarge(AvroCodec::kDeflate, bytes_max);
    out.resize(have + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(kStep);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (state != Z_OK && state != Z_STREAM_END) return Damaged(AvroCodec::kDeflate);
    if (state == Z_OK && stream.avail_in == 0 && out.size() == have) {
      return Damaged(AvroCodec::kDeflate);
    }
  }
  if (out.size() > bytes_max) return TooLarge(AvroCodec::kDeflate, bytes_max);
  return out;
}

Result<std::string> Unsnap(BytesView bytes, size_t bytes_max) {
  constexpr size_t kChecksumBytes = 4;
  size_t length = 0;
  if (bytes.size() < kChecksumBytes) return Damaged(AvroCodec::kSnappy);
  const BytesView packed = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &length)) {
    return Damaged(AvroCodec::kSnappy);
  }
  if (length > bytes_max) return TooLarge(AvroCodec::kSnappy, bytes_max);
  std::string out(length, '\0');
  if (!snappy::RawUncompress(packed.data(), packed.size(), out.data())) {
    return Damaged(AvroCodec::kSnappy);
  }
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(length));
  if (LoadBe<uint32_t>(bytes.data() + packed.size()) != sum) return Damaged(AvroCodec::kSnappy);
  return out;
}

Result<std::string> Unzstd(BytesView bytes, size_t bytes_max) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  constexpr int kWindowLogMax = 27;
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  size_t state = 1;
  while (state != 0) {
    const size_t have = out.size();
    if (have > bytes_max) return TooLarge(AvroCodec::kZstandard, bytes_max);
    out.resize(have + kStep);
    ZSTD_outBuffer to{out.data() + have, kStep, 0};
    const size_t read_before = in.pos;
    state = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(state)) return Damaged(AvroCodec::kZstandard);
    out.resize(have + to.pos);
    if (state != 0 && to.pos == 0 && in.pos == read_before) return Damaged(AvroCodec::kZstandard);
  }
  if (out.size() > bytes_max) return TooLarge(AvroCodec::kZstandard, bytes_max);
  return out;
}

std::string Deflate(BytesView bytes) {
  z_stream stream{};
  WEIR_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kDeflateMemory,
                          Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  WEIR_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Snap(BytesView bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  char checksum[4];
  StoreBe<uint32_t>(checksum, static_cast<uint32_t>(sum));
  out.append(checksum, sizeof(checksum));
  return out;
}

std::string Zstd(BytesView bytes) {
  constexpr int kLevel = 3;
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t length = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  WEIR_CHECK(!ZSTD_isError(length));
  out.resize(length);
  return out;
}

}  // namespace

Result<AvroCodec> AvroCodecFromName(std::string_view name) {
  for (const AvroCodec codec :
       {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kSnappy, AvroCodec::kZstandard}) {
    if (Name(codec) == name) return codec;
  }
  return Fail(ErrorCode::kUnsupportedVersion, "avro codec is not supported: codec={}", name);
}

std::string_view Name(AvroCodec codec) {
  switch (codec) {
    case AvroCodec::kNull:
      return "null";
    case AvroCodec::kDeflate:
      return "deflate";
    case AvroCodec::kSnappy:
      return "snappy";
    case AvroCodec::kZstandard:
      return "zstandard";
  }
  return "null";
}

Result<std::string> AvroDecompress(AvroCodec codec, BytesView bytes, size_t bytes_max) {
  switch (codec) {
    case AvroCodec::kNull:
      if (bytes.size() > bytes_max) return TooLarge(codec, bytes_max);
      return std::string(bytes);
    case AvroCodec::kDeflate:
      return Inflate(bytes, bytes_max);
    case AvroCodec::kSnappy:
      return Unsnap(bytes, bytes_max);
    case AvroCodec::kZstandard:
      return Unzstd(bytes, bytes_max);
  }
  return Damaged(codec);
}

std::string AvroCompress(AvroCodec codec, BytesView bytes) {
  switch (codec) {
    case AvroCodec::kNull:
      break;
    case AvroCodec::kDeflate:
      return Deflate(bytes);
    case AvroCodec::kSnappy:
      return Snap(bytes);
    case AvroCodec::kZstandard:
      return Zstd(bytes);
  }
  return std::string(bytes);
}

}  // namespace weir::iceberg
