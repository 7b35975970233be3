// Log batches for tests of what stores them: valid headers and CRCs around bytes that mean nothing.
#pragma once

#include <algorithm>
#include <string>

#include "record/log_batch.h"

namespace weir {

struct BatchForTest {
  int32_t records = 1;
  int64_t writer_id = -1;
  int32_t sequence = -1;
  Offset base_offset = 0;
  int64_t timestamp = 0;
  std::string body = "some rows";
};

inline std::string MakeBatch(const BatchForTest& b) {
  std::string batch(sizeof(LogBatchHeaderV0), '\0');
  batch += b.body;
  batch.resize(std::max(batch.size(), sizeof(LogBatchHeaderV0) + static_cast<size_t>(b.records)),
               'x');
  WriteLogBatchHeader(batch.data(), batch.size(),
                      {.base_offset = b.base_offset,
                       .commit_timestamp = b.timestamp,
                       .schema_id = SchemaId(1),
                       .attributes = kAppendOnlyAttribute,
                       .last_offset_delta = b.records - 1,
                       .writer_id = b.writer_id,
                       .batch_sequence = b.sequence,
                       .record_count = b.records});
  return batch;
}

}  // namespace weir
