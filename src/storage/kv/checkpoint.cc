#include "storage/kv/checkpoint.h"

#include <cstddef>

#include "base/crc32c.h"
#include "base/endian.h"
#include "io/file.h"

namespace weir {
namespace {

struct Layout {
  Le<uint32_t> magic;          //  0  "WKVS"
  Le<uint32_t> version;        //  4  1
  Le<int64_t> flushed_offset;  //  8
  Le<int64_t> row_count;       // 16
  Le<int64_t> id_first;        // 24
  Le<int64_t> id_last;         // 32
  Le<uint32_t> crc;            // 40  CRC-32C of everything before
};  // 44
static_assert(sizeof(Layout) == 44);

constexpr uint32_t kMagic = 0x53564b57;
constexpr uint32_t kVersion = 1;

}  // namespace

std::string EncodeKvCheckpoint(const KvCheckpoint& checkpoint) {
  Layout layout;
  layout.magic = kMagic;
  layout.version = kVersion;
  layout.flushed_offset = checkpoint.flushed_offset;
  layout.row_count = checkpoint.row_count;
  layout.id_first = checkpoint.id_first;
  layout.id_last = checkpoint.id_last;
  const auto* bytes = reinterpret_cast<const char*>(&layout);
  layout.crc = Crc32c({bytes, offsetof(Layout, crc)});
  return {bytes, sizeof(layout)};
}

Result<KvCheckpoint> DecodeKvCheckpoint(BytesView bytes) {
  if (bytes.size() != sizeof(Layout)) {
    return Fail(ErrorCode::kKvStorage, "kv checkpoint has a wrong size: bytes={} expected={}",
                bytes.size(), sizeof(Layout));
  }
  const auto& layout = *reinterpret_cast<const Layout*>(bytes.data());
  if (layout.magic != kMagic || layout.crc != Crc32c(bytes.substr(0, offsetof(Layout, crc)))) {
    return Fail(ErrorCode::kKvStorage, "kv checkpoint is damaged");
  }
  if (layout.version != kVersion) {
    return Fail(ErrorCode::kKvStorage, "kv checkpoint is of an unknown version: version={}",
                uint32_t{layout.version});
  }
  return KvCheckpoint{.flushed_offset = layout.flushed_offset,
                      .row_count = layout.row_count,
                      .id_first = layout.id_first,
                      .id_last = layout.id_last};
}

Result<std::optional<KvCheckpoint>> ReadKvCheckpoint(FileSystem& files, const std::string& path) {
  if (!files.Exists(path)) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(files, path, 64 * KiB));
  return DecodeKvCheckpoint(bytes);
}

Status WriteKvCheckpoint(FileSystem& files, const std::string& path,
                         const KvCheckpoint& checkpoint) {
  return ReplaceFile(files, path, EncodeKvCheckpoint(checkpoint));
}

}  // namespace weir
