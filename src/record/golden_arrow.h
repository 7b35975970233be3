// Test data: what Arrow's own IPC reader makes of a log batch, the truth beside the Java client's.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "record/arrow_schema.h"
#include "record/log_batch.h"
#include "record/schema.h"

namespace weir {

inline std::shared_ptr<arrow::RecordBatch> ReadByArrow(const Schema& schema,
                                                       const LogBatchView& batch) {
  arrow::io::BufferReader in(arrow::Buffer::FromString(std::string(batch.arrow_message())));
  const auto message = arrow::ipc::ReadMessage(&in).ValueOrDie();
  arrow::ipc::DictionaryMemo none;
  return arrow::ipc::ReadRecordBatch(*message, ToArrowSchema(schema), &none,
                                     arrow::ipc::IpcReadOptions::Defaults())
      .ValueOrDie();
}

/// A batch whose message Arrow's own writer made, as writers that are not Java make them: other
/// metadata bytes, no validity buffer without nulls, LZ4 blocks that are linked.
inline std::string BatchByArrow(const arrow::RecordBatch& rows,
                                const arrow::ipc::IpcWriteOptions& options) {
  arrow::ipc::IpcPayload payload;
  EXPECT_TRUE(arrow::ipc::GetRecordBatchPayload(rows, options, &payload).ok());
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  int32_t metadata_length = 0;
  EXPECT_TRUE(arrow::ipc::WriteIpcPayload(payload, options, out.get(), &metadata_length).ok());
  std::string batch(sizeof(LogBatchHeaderV0), '\0');
  batch += out->Finish().ValueOrDie()->ToString();
  const auto count = static_cast<int32_t>(rows.num_rows());
  WriteLogBatchHeader(
      batch.data(), batch.size(),
      {.attributes = kAppendOnlyAttribute, .last_offset_delta = count - 1, .record_count = count});
  return batch;
}

}  // namespace weir
