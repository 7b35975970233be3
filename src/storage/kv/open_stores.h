// KvOpenStores: which stores of a process have their engine open, and a bound of how many. An open
// engine costs about 0.3 MiB and six files or more, so a server with tens of thousands of busy
// buckets must not keep them all.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace weir {

class KvStore;

class KvOpenStores {
 public:
  /// max  engines open at a time; more are open only while somebody holds them
  explicit KvOpenStores(size_t max) : max_(max) {}

  /// `store` has just opened its engine: those used longest ago are closed while there are too
  /// many. May block as long as closing takes. Not under the lock of a store.
  void Opened(KvStore& store);
  /// `store` has closed its engine.
  void Closed(KvStore& store);
  /// `store` ends.
  void Forget(KvStore& store);
  /// Grows with each call: which use was later.
  uint64_t NextUse() { return uses_.fetch_add(1, std::memory_order_relaxed); }

  size_t count() const;

 private:
  void CloseOldest(const KvStore& keep);

  const size_t max_;
  std::atomic<uint64_t> uses_ = 0;
  mutable std::mutex mutex_;  // before the locks of stores
  std::vector<KvStore*> stores_;
};

}  // namespace weir
