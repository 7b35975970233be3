#include "record/arrow_buffer_codec.h"

#include <lz4frame.h>
#include <zstd.h>

#include "base/endian.h"

namespace weir {

namespace {

// Below this, headers and set-up cost more than compression can win.
constexpr size_t kCompressBytesMin = 64;

template <auto Free>
struct Deleter {
  void operator()(auto* context) const { Free(context); }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

}  // namespace

struct ArrowBufferCodec::Contexts {
  Owned<ZSTD_CCtx, ZSTD_freeCCtx> zstd_in;
  Owned<ZSTD_DCtx, ZSTD_freeDCtx> zstd_out;
  Owned<LZ4F_cctx, LZ4F_freeCompressionContext> lz4_in;
  Owned<LZ4F_dctx, LZ4F_freeDecompressionContext> lz4_out;
};

ArrowBufferCodec::ArrowBufferCodec(LogCompression compression)
    : compression_(compression), contexts_(std::make_unique<Contexts>()) {}
ArrowBufferCodec::~ArrowBufferCodec() = default;

Status ArrowBufferCodec::Compress(BytesView plain, std::string& out) {
  if (plain.empty()) return {};
  if (compression_.type == LogCompressionType::kNone) {
    out.append(plain);
    return {};
  }
  if (plain.size() >= kCompressBytesMin) {
    RETURN_IF_ERROR(compression_.type == LogCompressionType::kZstd ? CompressZstd(plain, scratch_)
                                                                   : CompressLz4(plain, scratch_));
    if (scratch_.size() < plain.size()) {
      AppendLe(out, static_cast<int64_t>(plain.size()));
      out.append(scratch_);
      return {};
    }
  }
  AppendLe(out, kStoredRaw);
  out.append(plain);
  return {};
}

Status ArrowBufferCodec::CompressZstd(BytesView plain, std::string& out) {
  if (!contexts_->zstd_in) {
    contexts_->zstd_in.reset(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(contexts_->zstd_in.get(), ZSTD_c_compressionLevel, compression_.level);
  }
  out.resize(std::max(out.capacity(), ZSTD_compressBound(plain.size())));
  const size_t bytes =
      ZSTD_compress2(contexts_->zstd_in.get(), out.data(), out.size(), plain.data(), plain.size());
  if (ZSTD_isError(bytes)) {
    return Fail(ErrorCode::kUnknownServerError, "zstd cannot compress: {}",
                ZSTD_getErrorName(bytes));
  }
  out.resize(bytes);
  return {};
}

Status ArrowBufferCodec::CompressLz4(BytesView plain, std::string& out) {
  if (!contexts_->lz4_in) {
    LZ4F_cctx* context = nullptr;
    LZ4F_createCompressionContext(&context, LZ4F_VERSION);
    contexts_->lz4_in.reset(context);
  }
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.autoFlush = 1;
  out.resize(std::max(out.capacity(),
                      LZ4F_compressFrameBound(plain.size(), &preferences) + LZ4F_HEADER_SIZE_MAX));

  // LZ4F_compressFrame would pick the block size and a context of its own; so begin, update, end.
  LZ4F_cctx* const context = contexts_->lz4_in.get();
  size_t at = LZ4F_compressBegin(context, out.data(), out.size(), &preferences);
  const auto step = [&](size_t bytes) {
    if (!LZ4F_isError(at)) at = LZ4F_isError(bytes) ? bytes : at + bytes;
  };
  if (!LZ4F_isError(at)) {
    step(LZ4F_compressUpdate(context, out.data() + at, out.size() - at, plain.data(), plain.size(),
                             nullptr));
  }
  if (!LZ4F_isError(at)) step(LZ4F_compressEnd(context, out.data() + at, out.size() - at, nullptr));
  if (LZ4F_isError(at)) {
    return Fail(ErrorCode::kUnknownServerError, "lz4 cannot compress: {}", LZ4F_getErrorName(at));
  }
  out.resize(at);
  return {};
}

namespace {

bool DecompressZstd(ZSTD_DCtx* context, BytesView data, char* to, size_t bytes) {
  return ZSTD_decompressDCtx(context, to, bytes, data.data(), data.size()) == bytes;
}

// Frames may be of any block mode here; Arrow C++ writes linked ones.
bool DecompressLz4(LZ4F_dctx* context, BytesView data, char* to, size_t bytes) {
  LZ4F_resetDecompressionContext(context);
  size_t written = 0;
  while (!data.empty()) {
    size_t into = bytes - written;
    size_t from = data.size();
    const size_t hint = LZ4F_decompress(context, to + written, &into, data.data(), &from, nullptr);
    if (LZ4F_isError(hint)) return false;
    written += into;
    data.remove_prefix(from);
    if (hint == 0) break;
    if (into == 0 && from == 0) return false;
  }
  return written == bytes;
}

}  // namespace

Status ArrowBufferCodec::Decompress(LogCompressionType type, BytesView data, char* to,
                                    size_t bytes) {
  bool exact = false;
  if (type == LogCompressionType::kZstd) {
    if (!contexts_->zstd_out) contexts_->zstd_out.reset(ZSTD_createDCtx());
    exact = DecompressZstd(contexts_->zstd_out.get(), data, to, bytes);
  } else if (type == LogCompressionType::kLz4Frame) {
    if (!contexts_->lz4_out) {
      LZ4F_dctx* context = nullptr;
      LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
      contexts_->lz4_out.reset(context);
    }
    exact = DecompressLz4(contexts_->lz4_out.get(), data, to, bytes);
  }
  if (!exact) {
    return Fail(ErrorCode::kCorruptMessage,
                "arrow buffer does not decompress: bytes={} declared={}", data.size(), bytes);
  }
  return {};
}

}  // namespace weir
