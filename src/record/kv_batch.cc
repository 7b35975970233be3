#include "record/kv_batch.h"

#include "base/byte_reader.h"
#include "base/crc32c.h"

namespace weir {
namespace {

constexpr size_t kLengthBytes = sizeof(int32_t);
constexpr size_t kCrcFrom = offsetof(KvBatchHeader, schema_id);

Failure Corrupt(std::string_view what, int64_t found, int64_t expected) {
  return Fail(ErrorCode::kCorruptMessage, "kv batch is corrupt, {}: found={} expected={}", what,
              found, expected);
}

/// Read the record at the cursor; leaves `in` not ok() when it is damaged.
KvRecord ReadRecord(ByteReader& in) {
  ByteReader body(in.Bytes(in.Le<int32_t>()));
  KvRecord record{.key = body.VarBytes(), .row = std::nullopt};
  if (!body.ok() || record.key.empty()) in.Break();
  if (body.remaining() > 0) record.row = body.rest();
  return record;
}

}  // namespace

Result<KvBatchView> KvBatchView::Parse(BytesView bytes) {
  if (bytes.size() < sizeof(KvBatchHeader)) {
    return Corrupt("shorter than its header", std::ssize(bytes), sizeof(KvBatchHeader));
  }
  const KvBatchView batch(bytes);
  const KvBatchHeader& header = batch.header();
  if (header.magic != 0) return Corrupt("magic", header.magic, 0);
  if (header.length != std::ssize(bytes) - static_cast<int64_t>(kLengthBytes)) {
    return Corrupt("length", header.length, std::ssize(bytes) - static_cast<int64_t>(kLengthBytes));
  }
  const uint32_t crc = Crc32c(bytes.substr(kCrcFrom));
  if (header.crc != crc) return Corrupt("crc", header.crc, crc);
  ByteReader in(bytes.substr(sizeof(KvBatchHeader)));
  int64_t records = 0;
  for (; in.ok() && in.remaining() > 0; ++records) ReadRecord(in);
  if (!in.ok()) return Corrupt("damaged record", records - 1, header.record_count);
  if (records != header.record_count) return Corrupt("record count", header.record_count, records);
  return batch;
}

void KvBatchView::Iterator::Read() {
  at_ = next_;
  if (at_ == end_) return;
  ByteReader in(BytesView(at_, static_cast<size_t>(end_ - at_)));
  record_ = ReadRecord(in);
  next_ = at_ + in.position();
}

KvBatchBuilder::KvBatchBuilder(SchemaId schema_id)
    : schema_id_(schema_id), bytes_(sizeof(KvBatchHeader), '\0') {}

void KvBatchBuilder::Append(BytesView key, BytesView row) {
  AppendLe(bytes_, static_cast<int32_t>(VarintBytes(key.size()) + key.size() + row.size()));
  AppendVarint32(bytes_, static_cast<uint32_t>(key.size()));
  bytes_.append(key);
  bytes_.append(row);
  ++record_count_;
}

std::string KvBatchBuilder::Finish(int64_t writer_id, int32_t batch_sequence) {
  KvBatchHeader header{.length = static_cast<int32_t>(bytes_.size() - kLengthBytes),
                       .magic = 0,
                       .crc = 0,
                       .schema_id = schema_id_.value,
                       .attributes = 0,
                       .writer_id = writer_id,
                       .batch_sequence = batch_sequence,
                       .record_count = record_count_};
  std::memcpy(bytes_.data(), &header, sizeof(header));
  StoreLe(bytes_.data() + offsetof(KvBatchHeader, crc), Crc32c(BytesView(bytes_).substr(kCrcFrom)));
  record_count_ = 0;
  return std::exchange(bytes_, std::string(sizeof(KvBatchHeader), '\0'));
}

}  // namespace weir
