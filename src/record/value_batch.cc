#include "record/value_batch.h"

#include "base/byte_reader.h"

namespace weir {
namespace {

struct ValueBatchHeader {
  Le<int32_t> length;        // 0  bytes after this field
  int8_t magic;              // 4  0
  Le<int32_t> record_count;  // 5
};  // 9  records follow
static_assert(sizeof(ValueBatchHeader) == 9);

}  // namespace

Result<StoredValue> ParseStoredValue(BytesView bytes) {
  if (bytes.size() < sizeof(int16_t)) {
    return Fail(ErrorCode::kCorruptRecord, "stored value is shorter than its schema id: bytes={}",
                bytes.size());
  }
  return StoredValue{.schema_id = SchemaId(LoadLe<int16_t>(bytes.data())),
                     .row = bytes.substr(sizeof(int16_t))};
}

ValueBatchBuilder::ValueBatchBuilder() : bytes_(sizeof(ValueBatchHeader), '\0') {}

void ValueBatchBuilder::Append(BytesView stored) {
  AppendLe(bytes_, static_cast<int32_t>(stored.size()));
  bytes_.append(stored);
  ++record_count_;
}

std::string ValueBatchBuilder::Finish() {
  const ValueBatchHeader header{.length = static_cast<int32_t>(bytes_.size() - sizeof(int32_t)),
                                .magic = 0,
                                .record_count = record_count_};
  std::memcpy(bytes_.data(), &header, sizeof(header));
  record_count_ = 0;
  return std::exchange(bytes_, std::string(sizeof(ValueBatchHeader), '\0'));
}

Result<std::vector<StoredValue>> ParseValueBatch(BytesView bytes) {
  ByteReader in(bytes);
  const auto length = in.Le<int32_t>();
  const auto magic = in.Le<int8_t>();
  const auto count = in.Le<int32_t>();
  if (!in.ok() || magic != 0 ||
      length != std::ssize(bytes) - static_cast<int64_t>(sizeof(int32_t))) {
    return Fail(ErrorCode::kCorruptMessage,
                "value batch header is corrupt: bytes={} length={} magic={}", bytes.size(), length,
                magic);
  }
  std::vector<StoredValue> out;
  while (in.remaining() > 0) {
    const BytesView record = in.Bytes(in.Le<int32_t>());
    if (!in.ok() || record.size() < sizeof(int16_t)) {
      return Fail(ErrorCode::kCorruptMessage, "value batch record is corrupt: record={} bytes={}",
                  out.size(), bytes.size());
    }
    ASSIGN_OR_RETURN(const StoredValue value, ParseStoredValue(record));
    out.push_back(value);
  }
  if (std::ssize(out) != count) {
    return Fail(ErrorCode::kCorruptMessage, "value batch count is wrong: found={} expected={}",
                out.size(), count);
  }
  return out;
}

}  // namespace weir
