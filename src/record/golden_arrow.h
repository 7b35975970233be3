// Test data: what Arrow's own IPC reader makes of a log batch, the truth beside the Java client's.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>

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

}  // namespace weir
