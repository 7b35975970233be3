// Walks any bytes as a log segment would be walked.
#include <cstddef>
#include <cstdint>

#include "record/log_batch.h"
#include "record/row_log_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::LogBatches batches({reinterpret_cast<const char*>(data), size});
  for (auto batch = batches.Next(); batch.ok() && *batch; batch = batches.Next()) {
    (void)weir::CheckAppend(**batch);
    weir::RowLogRecords records(**batch);
    for (auto record = records.Next(); record.ok() && *record; record = records.Next()) {
    }
  }
  return 0;
}
