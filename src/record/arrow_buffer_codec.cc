#include "record/arrow_buffer_codec.h"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/endian.h"

namespace weir {

namespace {

// Below this, headers and set-up cost more than compression can win.
constexpr size_t kCompressBytesMin = 64;
// Room for compressed bytes that a thread keeps; more is given back.
constexpr size_t kScratchBytesMax = 4 * MiB;

template <auto Free>
struct Deleter {
  void operator()(auto* context) const { Free(context); }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

template <class T>
T* MakeLz4(LZ4F_errorCode_t (*make)(T**, unsigned)) {
  T* context = nullptr;
  make(&context, LZ4F_VERSION);
  return context;
}

// Made when a thread first needs them.
ZSTD_CCtx* ZstdIn() {
  static thread_local const Owned<ZSTD_CCtx, ZSTD_freeCCtx> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* ZstdOut() {
  static thread_local const Owned<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
  return context.get();
}
LZ4F_cctx* Lz4In() {
  static thread_local const Owned<LZ4F_cctx, LZ4F_freeCompressionContext> context(
      MakeLz4(LZ4F_createCompressionContext));
  return context.get();
}
LZ4F_dctx* Lz4Out() {
  static thread_local const Owned<LZ4F_dctx, LZ4F_freeDecompressionContext> context(
      MakeLz4(LZ4F_createDecompressionContext));
  return context.get();
}

// Make room for `bytes`; never smaller, because a string clears what it grows by.
void Widen(std::string& room, size_t bytes) {
  if (room.size() < bytes) room.resize(bytes);
}

// Both return how many bytes they put at the front of `room`.
Result<size_t> CompressZstd(int level, BytesView plain, std::string& room) {
  Widen(room, ZSTD_compressBound(plain.size()));
  ZSTD_CCtx_setParameter(ZstdIn(), ZSTD_c_compressionLevel, level);
  const size_t bytes =
      ZSTD_compress2(ZstdIn(), room.data(), room.size(), plain.data(), plain.size());
  if (ZSTD_isError(bytes)) {
    return Fail(ErrorCode::kUnknownServerError, "zstd cannot compress: {}",
                ZSTD_getErrorName(bytes));
  }
  return bytes;
}

// Not LZ4F_compressFrame, which would make a context of its own each time.
Result<size_t> CompressLz4(BytesView plain, std::string& room) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.autoFlush = 1;
  Widen(room, LZ4F_compressFrameBound(plain.size(), &preferences));
  size_t at = LZ4F_compressBegin(Lz4In(), room.data(), room.size(), &preferences);
  const auto add = [&](size_t bytes) { at = LZ4F_isError(bytes) ? bytes : at + bytes; };
  if (!LZ4F_isError(at)) {
    add(LZ4F_compressUpdate(Lz4In(), room.data() + at, room.size() - at, plain.data(), plain.size(),
                            nullptr));
  }
  if (!LZ4F_isError(at)) {
    add(LZ4F_compressEnd(Lz4In(), room.data() + at, room.size() - at, nullptr));
  }
  if (LZ4F_isError(at)) {
    return Fail(ErrorCode::kUnknownServerError, "lz4 cannot compress: {}", LZ4F_getErrorName(at));
  }
  return at;
}

// Frames may be of any block mode here; Arrow C++ writes linked ones.
bool DecompressLz4(BytesView data, char* to, size_t bytes) {
  LZ4F_resetDecompressionContext(Lz4Out());
  size_t written = 0;
  while (!data.empty()) {
    size_t into = bytes - written;
    size_t from = data.size();
    const size_t hint = LZ4F_decompress(Lz4Out(), to + written, &into, data.data(), &from, nullptr);
    if (LZ4F_isError(hint)) return false;
    written += into;
    data.remove_prefix(from);
    if (hint == 0) break;
    if (into == 0 && from == 0) return false;
  }
  return written == bytes;
}

}  // namespace

Status CompressBuffer(LogCompression compression, BytesView plain, std::string& out) {
  static thread_local std::string scratch;
  if (plain.empty()) return {};
  if (compression.type == LogCompressionType::kNone) {
    out.append(plain);
    return {};
  }
  if (plain.size() >= kCompressBytesMin) {
    ASSIGN_OR_RETURN(const size_t bytes, compression.type == LogCompressionType::kZstd
                                             ? CompressZstd(compression.level, plain, scratch)
                                             : CompressLz4(plain, scratch));
    if (bytes < plain.size()) {
      AppendLe(out, static_cast<int64_t>(plain.size()));
      out.append(scratch, 0, bytes);
    }
    if (scratch.size() > kScratchBytesMax) std::string().swap(scratch);
    if (bytes < plain.size()) return {};
  }
  AppendLe(out, kStoredRaw);
  out.append(plain);
  return {};
}

Status DecompressBuffer(LogCompressionType type, BytesView data, char* to, size_t bytes) {
  bool exact = false;
  if (type == LogCompressionType::kZstd) {
    exact = ZSTD_decompressDCtx(ZstdOut(), to, bytes, data.data(), data.size()) == bytes;
  } else if (type == LogCompressionType::kLz4Frame) {
    exact = DecompressLz4(data, to, bytes);
  }
  if (!exact) {
    return Fail(ErrorCode::kCorruptMessage,
                "arrow buffer does not decompress: bytes={} declared={}", data.size(), bytes);
  }
  return {};
}

}  // namespace weir
