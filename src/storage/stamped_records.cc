#include "storage/stamped_records.h"

#include <cstring>

namespace weir {

static_assert(offsetof(LogBatchHeaderV2, crc) == 25,
              "everything the leader stamps comes before this");

void StampedRecords::Add(BytesView batch, const LogBatchStamp& stamp) {
  fronts_.push_back(std::make_unique<Front>());
  char* const front = fronts_.back()->data();
  std::memcpy(front, batch.data(), kStampBytes);
  StampLogBatch(front, stamp);
  pieces_.emplace_back(front, kStampBytes);
  pieces_.push_back(batch.substr(kStampBytes));
  bytes_ += static_cast<int64_t>(batch.size());
}

}  // namespace weir
