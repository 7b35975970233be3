// Log batches with the leader's stamp, without copying or changing the bytes that came from the network: for each
// batch a private copy of its first bytes, then the rest by reference. What the segment and the journal write.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "record/log_batch.h"

namespace weir {

class StampedRecords {
 public:
  explicit StampedRecords(SharedBytes records) : records_(std::move(records)) {}

  /// Add the batch whose bytes are `batch` (inside the records).
  void Add(BytesView batch, const LogBatchStamp& stamp);

  std::span<const BytesView> pieces() const { return pieces_; }
  int64_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kStampBytes = 25;  // base offset .. leader epoch
  using Front = std::array<char, kStampBytes>;

  SharedBytes records_;
  std::vector<std::unique_ptr<Front>> fronts_;
  std::vector<BytesView> pieces_;
  int64_t bytes_ = 0;
};

}  // namespace weir
