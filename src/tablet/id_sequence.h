// IdSequence: hands out the numbers of an auto-increment column, block by block. The block in use
// is part of a bucket's checkpoint, so that a restart goes on in it; numbers are never given twice,
// gaps are normal.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/result.h"

namespace weir {

/// Numbers [first, last].
struct IdRange {
  int64_t first = 1;
  int64_t last = 0;

  bool empty() const { return first > last; }
  friend bool operator==(const IdRange&, const IdRange&) = default;
};

class IdSequence {
 public:
  /// next_block  takes a block from the catalog; may block
  /// value_max   the column type's largest number
  IdSequence(std::function<Result<IdRange>()> next_block, int64_t value_max)
      : next_block_(std::move(next_block)), value_max_(value_max) {}

  /// Errors  kInvalidTable  the column's type is used up; whatever the catalog says
  Result<int64_t> Next() {
    if (block_.empty()) {
      ASSIGN_OR_RETURN(block_, next_block_());
    }
    if (block_.first > value_max_) {
      return Fail(ErrorCode::kInvalidTable, "the auto-increment column has no numbers left: max={}",
                  value_max_);
    }
    return block_.first++;
  }

  const IdRange& block() const { return block_; }
  void set_block(const IdRange& block) { block_ = block; }

  /// `used` was found in the log: do not give it again.
  void Skip(int64_t used) {
    if (used >= block_.first && used <= block_.last) block_.first = used + 1;
  }

 private:
  std::function<Result<IdRange>()> next_block_;
  int64_t value_max_;
  IdRange block_;
};

}  // namespace weir
