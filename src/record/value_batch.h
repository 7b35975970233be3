// Rows on their way out of a KV tablet: the body of LIMIT_SCAN and SCAN_KV answers, and the stored
// value. Bytes: docs/formats/kv_batch.md. Java: org.apache.fluss.record.DefaultValueRecordBatch,
// row.encode.ValueEncoder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

/// A stored value and a LOOKUP answer: i16 schema id, then the row in the table's KV format.
struct StoredValue {
  SchemaId schema_id;
  BytesView row;
};

/// Errors  kCorruptRecord  shorter than its schema id
Result<StoredValue> ParseStoredValue(BytesView bytes);

inline void AppendStoredValue(std::string& out, SchemaId schema_id, BytesView row) {
  AppendLe<int16_t>(out, schema_id.value);
  out.append(row);
}

/// Collects stored values into one batch. Reusable after Finish.
class ValueBatchBuilder {
 public:
  ValueBatchBuilder();

  /// `stored` = schema id and row, as AppendStoredValue writes it.
  void Append(BytesView stored);

  int32_t record_count() const { return record_count_; }
  size_t size() const { return bytes_.size(); }
  std::string Finish();

 private:
  int32_t record_count_ = 0;
  std::string bytes_;
};

/// The values of one batch that fills `bytes`; they point into it.
/// Errors  kCorruptMessage  truncated, trailing bytes, unknown magic, impossible lengths
Result<std::vector<StoredValue>> ParseValueBatch(BytesView bytes);

}  // namespace weir
