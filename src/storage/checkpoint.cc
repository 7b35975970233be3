#include "storage/checkpoint.h"

#include "base/crc32c.h"
#include "base/endian.h"
#include "base/log.h"

namespace weir {
namespace {

constexpr uint32_t kMagic = 0x31504357;  // "WCP1"

struct CheckpointHeader {
  Le<uint32_t> magic;  //  0
  Le<uint32_t> crc;    //  4  CRC-32C of everything behind this field
  uint8_t clean;       //  8  1: written by a server that then stopped
  Le<uint32_t> count;  //  9
};  // 13  rows follow
static_assert(sizeof(CheckpointHeader) == 13);

struct CheckpointRow {
  Le<int64_t> table_id;        //  0
  Le<int64_t> partition_id;    //  8  -1: none
  Le<int32_t> bucket;          // 16
  Le<int64_t> offset;          // 20
  Le<int64_t> segment_base;    // 28
  Le<int64_t> position;        // 36
  Le<int64_t> last_timestamp;  // 44
};  // 52
static_assert(sizeof(CheckpointRow) == 52);

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string out(sizeof(CheckpointHeader), '\0');
  out.reserve(out.size() + checkpoint.points.size() * sizeof(CheckpointRow));
  for (const auto& [bucket, point] : checkpoint.points) {
    CheckpointRow row;
    row.table_id = bucket.table.value;
    row.partition_id = bucket.partition ? bucket.partition->value : -1;
    row.bucket = bucket.bucket;
    row.offset = point.offset;
    row.segment_base = point.at.segment_base;
    row.position = point.at.bytes;
    row.last_timestamp = point.last_timestamp;
    out.append(reinterpret_cast<const char*>(&row), sizeof(row));
  }
  auto& header = *reinterpret_cast<CheckpointHeader*>(out.data());
  header.magic = kMagic;
  header.clean = checkpoint.clean ? 1 : 0;
  header.count = static_cast<uint32_t>(checkpoint.points.size());
  header.crc = Crc32c(BytesView(out).substr(offsetof(CheckpointHeader, clean)));
  return out;
}

Result<Checkpoint> DecodeCheckpoint(BytesView bytes) {
  if (bytes.size() < sizeof(CheckpointHeader)) {
    return Fail(ErrorCode::kCorruptMessage, "checkpoint is cut short: bytes={}", bytes.size());
  }
  const auto& header = *reinterpret_cast<const CheckpointHeader*>(bytes.data());
  BytesView rows = bytes.substr(sizeof(CheckpointHeader));
  if (header.magic != kMagic || rows.size() != size_t{header.count} * sizeof(CheckpointRow) ||
      header.crc != Crc32c(bytes.substr(offsetof(CheckpointHeader, clean)))) {
    return Fail(ErrorCode::kCorruptMessage, "checkpoint is damaged: bytes={}", bytes.size());
  }
  Checkpoint checkpoint{.clean = header.clean != 0};
  checkpoint.points.reserve(header.count);
  for (; !rows.empty(); rows.remove_prefix(sizeof(CheckpointRow))) {
    const auto& row = *reinterpret_cast<const CheckpointRow*>(rows.data());
    TableBucket bucket{.table = TableId(row.table_id), .bucket = row.bucket};
    if (row.partition_id >= 0) bucket.partition = PartitionId(row.partition_id);
    checkpoint.points[bucket] = {row.offset, {row.segment_base, row.position}, row.last_timestamp};
  }
  return checkpoint;
}

Checkpoint LoadCheckpoint(FileSystem& files, const std::string& path) {
  if (!files.Exists(path)) return {};
  const auto bytes = ReadFile(files, path);
  if (bytes.ok()) {
    auto checkpoint = DecodeCheckpoint(*bytes);
    if (checkpoint.ok()) return std::move(*checkpoint);
    LogError("storage",
             "checkpoint is not usable, logs are checked as they are opened: path={} error={}",
             path, checkpoint.error().message);
    return {};
  }
  LogError("storage", "checkpoint cannot be read: {}", bytes.error().message);
  return {};
}

Status SaveCheckpoint(FileSystem& files, const std::string& path, const Checkpoint& checkpoint) {
  return ReplaceFile(files, path, EncodeCheckpoint(checkpoint));
}

}  // namespace weir
