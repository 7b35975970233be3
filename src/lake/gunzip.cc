#include "lake/gunzip.h"

#include <zlib.h>

#include <memory>

#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

constexpr size_t kStep = 256 * KiB;
constexpr int kGzipOnly = 16;
constexpr std::string_view kMagic = "\x1f\x8b";

}  // namespace

Result<std::string> Gunzip(BytesView bytes, int64_t bytes_max) {
  const auto damaged =
      Fail(ErrorCode::kInvalidTable, "gzipped metadata is damaged: bytes={}", bytes.size());
  if (static_cast<int64_t>(bytes.size()) > bytes_max) return damaged;
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + kGzipOnly) != Z_OK) return damaged;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK) {
    const size_t have = out.size();
    out.resize(have + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(kStep);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (static_cast<int64_t>(out.size()) > bytes_max) {
      return Fail(ErrorCode::kInvalidTable, "gzipped metadata is too long: max={}", bytes_max);
    }
  }
  if (state != Z_STREAM_END) return damaged;
  return out;
}

Result<json::value> ParseMaybeGzippedJson(BytesView bytes, int64_t bytes_max) {
  if (!bytes.starts_with(kMagic)) return ParseJson(bytes, bytes_max);
  ASSIGN_OR_RETURN(const std::string text, Gunzip(bytes, bytes_max));
  return ParseJson(text, bytes_max);
}

}  // namespace weir::iceberg
