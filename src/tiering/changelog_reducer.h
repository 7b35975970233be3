// The changelog of one bucket, reduced to what is left of each key: its last row, or that it was deleted.
// Add batches in the order of the log, then ask. Holds the batches; keys are views into memory held here.
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tiering/lake_batch.h"
#include "tiering/lake_keys.h"

namespace weir {

class ChangelogReducer {
 public:
  /// kTrusted: a key whose first change is an insert had no row before. Not so where the lake may know rows that the
  /// table forgot, as those of a partition that was dropped and made again.
  enum class Inserts : uint8_t { kTrusted, kLookedUp };

  ChangelogReducer(const LakeKeys& keys, Inserts inserts) : encoder_(keys), inserts_(inserts) {}

  Status Add(LakeRows rows);

  /// Keys that may have had a row before the first batch.
  std::vector<BytesView> MayHaveOlderRow() const;
  /// Keys that have no row any more.
  std::vector<BytesView> deleted() const;

  /// About how much is held.
  int64_t memory_bytes() const {
    return memory_bytes_ + static_cast<int64_t>(last_.capacity() * sizeof(Last) +
                                                slots_.capacity() * sizeof(uint32_t));
  }

  size_t batch_count() const { return batches_.size(); }
  struct Kept {
    std::shared_ptr<arrow::RecordBatch> rows;  // null: none
    std::vector<BytesView> keys;               // one per row
  };
  /// The rows of a batch that are the last of their keys, in the order of the log.
  Result<Kept> KeptOf(size_t batch) const;

 private:
  struct Last {  // of a key
    uint32_t hash = 0;
    uint32_t batch = 0;  // of its last row
    uint32_t row = 0;
    bool deleted = false;
    bool was_new = false;  // the first change was an insert
  };
  struct Batch {
    LakeRows rows;
    KeyList keys;
    std::vector<uint32_t> last;  // per row the place of its key in last_
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  BytesView KeyOf(const Last& last) const { return batches_[last.batch].keys[last.row]; }
  /// Where the key is in last_; it comes to its end when it is new, and has no row yet.
  uint32_t PlaceOf(BytesView key);
  void Grow();

  const LakeKeys& encoder_;
  const Inserts inserts_;
  std::deque<Batch> batches_;  // stays put while it grows
  // An open hash table costs a fifth of std::unordered_map here, and its entries are in the log's
  // order.
  std::vector<Last> last_;
  std::vector<uint32_t> slots_;  // a power of two: places in last_, or kNone
  int64_t memory_bytes_ = 0;     // of the batches
};

}  // namespace weir
