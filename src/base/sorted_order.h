// The order of many byte strings, found fast: most comparisons are of eight bytes behind what all have in common, so
// that hundreds of thousands of similar keys cost a fraction of comparing them whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace weir {

/// The positions of `texts` in their byte order; equal ones stay in theirs. At most 2^32 texts.
std::vector<uint32_t> SortedOrder(std::span<const BytesView> texts);

/// Copies of texts in their order, side by side in memory: whoever walks them does not wait for each.
class SortedTexts {
 public:
  explicit SortedTexts(std::span<const BytesView> texts);
  size_t size() const { return order_.size(); }
  BytesView operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return BytesView(bytes_).substr(begin, ends_[i] - begin);
  }
  /// Where it was in `texts`.
  uint32_t place(size_t i) const { return order_[i]; }

 private:
  std::vector<uint32_t> order_;
  std::vector<size_t> ends_;
  std::string bytes_;
};

}  // namespace weir
