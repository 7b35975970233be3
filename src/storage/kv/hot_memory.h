// The bound on the memory of all hot indexes of a process. Indexes charge it block by block and
// make room when it is full; it is a soft bound, as a batch under way may pass it. Thread-safe.
// Owned by KvEnvironment.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

class HotMemory {
 public:
  explicit HotMemory(int64_t bytes_max) : bytes_max_(bytes_max) {}

  void Charge(int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Release(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t bytes_max() const { return bytes_max_; }
  /// Bytes that must be given back to be within the bound; <= 0 when there is room.
  int64_t excess() const { return used() - bytes_max_; }
  /// So far beyond the bound that small savings count, too.
  bool scarce() const { return used() > bytes_max_ + bytes_max_ / 2; }

 private:
  const int64_t bytes_max_;
  std::atomic<int64_t> used_ = 0;
};

}  // namespace weir
