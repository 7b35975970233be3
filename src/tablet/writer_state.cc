#include "tablet/writer_state.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/endian.h"

namespace weir {
namespace {

// docs/formats/writer_snapshot.md. Little-endian.
constexpr uint32_t kMagic = 0x31535757;  // "WWS1"

struct SnapshotHeader {
  Le<uint32_t> magic;        //  0
  Le<uint32_t> crc;          //  4  CRC-32C of everything behind this field
  Le<int64_t> end_offset;    //  8  the state after the log up to here
  Le<uint32_t> batch_count;  // 16
  uint8_t incomplete;        // 20  1: writers that are not in here may have written before
};  // 21  batches follow
static_assert(sizeof(SnapshotHeader) == 21);

struct SnapshotBatch {
  Le<int64_t> writer_id;    //  0
  Le<int32_t> sequence;     //  8
  Le<int64_t> base_offset;  // 12
  Le<int64_t> last_offset;  // 20
  Le<int64_t> timestamp;    // 28
};  // 36
static_assert(sizeof(SnapshotBatch) == 36);

// Sequences count up from 0 and start again after the largest int.
int32_t After(int32_t sequence) { return sequence == INT32_MAX ? 0 : sequence + 1; }

}  // namespace

Result<std::optional<WriterBatch>> WriterState::Check(int64_t writer_id, int32_t sequence) const {
  const auto found = writers_.find(writer_id);
  if (found == writers_.end()) {
    if (sequence == 0 || incomplete_) return std::nullopt;
    return Fail(ErrorCode::kOutOfOrderSequence,
                "first batch of a writer must have sequence 0: writer={} sequence={}", writer_id,
                sequence);
  }
  const Writer& writer = found->second;
  for (const WriterBatch& batch : writer.batches()) {
    if (batch.sequence == sequence) return batch;
  }
  if (sequence == After(writer.last().sequence)) return std::nullopt;
  return Fail(ErrorCode::kOutOfOrderSequence,
              "batch is not the writer's next: writer={} sequence={} last={}", writer_id, sequence,
              writer.last().sequence);
}

void WriterState::Add(int64_t writer_id, const WriterBatch& batch) {
  writers_[writer_id].Push(batch);
}

void WriterState::Writer::Push(const WriterBatch& batch) {
  if (count == kBatchesPerWriter) {
    std::move(recent.begin() + 1, recent.end(), recent.begin());
    --count;
  }
  recent[count++] = batch;
}

void WriterState::Expire(int64_t now_ms) {
  const size_t gone = std::erase_if(writers_, [&](const auto& writer) {
    return writer.second.last().timestamp < now_ms - expiration_ms_;
  });
  if (gone > 0) incomplete_ = true;
}

std::string WriterState::Encode(Offset end_offset) const {
  std::string out(sizeof(SnapshotHeader), '\0');
  uint32_t count = 0;
  for (const auto& [writer_id, writer] : writers_) {
    for (const WriterBatch& batch : writer.batches()) {
      SnapshotBatch row;
      row.writer_id = writer_id;
      row.sequence = batch.sequence;
      row.base_offset = batch.base_offset;
      row.last_offset = batch.last_offset;
      row.timestamp = batch.timestamp;
      out.append(reinterpret_cast<const char*>(&row), sizeof(row));
      ++count;
    }
  }
  auto& header = *reinterpret_cast<SnapshotHeader*>(out.data());
  header.magic = kMagic;
  header.end_offset = end_offset;
  header.batch_count = count;
  header.incomplete = incomplete_ ? 1 : 0;
  header.crc = Crc32c(BytesView(out).substr(offsetof(SnapshotHeader, end_offset)));
  return out;
}

Result<Offset> WriterState::Decode(BytesView snapshot) {
  Clear();
  if (snapshot.size() < sizeof(SnapshotHeader)) {
    return Fail(ErrorCode::kCorruptMessage, "writer snapshot is cut short: bytes={}",
                snapshot.size());
  }
  const auto& header = *reinterpret_cast<const SnapshotHeader*>(snapshot.data());
  BytesView rows = snapshot.substr(sizeof(SnapshotHeader));
  if (header.magic != kMagic || rows.size() != size_t{header.batch_count} * sizeof(SnapshotBatch) ||
      header.crc != Crc32c(snapshot.substr(offsetof(SnapshotHeader, end_offset)))) {
    return Fail(ErrorCode::kCorruptMessage, "writer snapshot is damaged: bytes={}",
                snapshot.size());
  }
  incomplete_ = header.incomplete != 0;
  for (; !rows.empty(); rows.remove_prefix(sizeof(SnapshotBatch))) {
    const auto& row = *reinterpret_cast<const SnapshotBatch*>(rows.data());
    Add(row.writer_id, {row.sequence, row.base_offset, row.last_offset, row.timestamp});
  }
  return Offset{header.end_offset};
}

}  // namespace weir
