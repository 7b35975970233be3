// Any bytes as a PUT_KV batch. The CRC is made right first, or the fuzzer would never get past it;
// what parses must be walked, and built again from its records it must be the same bytes.
#include <cstdint>
#include <cstdlib>

#include "base/crc32c.h"
#include "record/kv_batch.h"
#include "record/random_rows.h"

namespace {

using namespace weir;

std::string Repaired(BytesView bytes) {
  std::string batch(bytes);
  if (batch.size() < sizeof(KvBatchHeader)) return batch;
  StoreLe(batch.data(), static_cast<int32_t>(batch.size() - sizeof(int32_t)));
  StoreLe(batch.data() + offsetof(KvBatchHeader, crc),
          Crc32c(BytesView(batch).substr(offsetof(KvBatchHeader, schema_id))));
  return batch;
}

void DecodeRow(BytesView row) {
  static const std::vector<DataType> types = {
      DataType::Parse("INT").value(), DataType::Parse("STRING").value(),
      DataType::Parse("ARRAY<ROW<a INT, b STRING>>").value()};
  for (const RowFormat format : {RowFormat::kCompacted, RowFormat::kIndexed}) {
    std::vector<Value> values(types.size());
    if (RowDecoder(format, types).Decode(row, values).ok())
      static_cast<void>(RowWalk().Row(values, types));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(KvBatchView::Parse(bytes));
  const std::string repaired = Repaired(bytes);
  const auto batch = KvBatchView::Parse(repaired);
  if (!batch.ok()) return 0;
  int32_t records = 0;
  for (const KvRecord& record : *batch) {
    ++records;
    if (record.row) DecodeRow(*record.row);
  }
  if (records != batch->record_count()) std::abort();
  return 0;
}
