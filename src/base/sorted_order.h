// The order of many byte strings, found fast: most comparisons are of eight bytes behind what all have in common, so
// that hundreds of thousands of similar keys cost a fraction of comparing them whole.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace weir {

/// The positions of `texts` in their byte order; equal ones stay in theirs. At most 2^32 texts.
std::vector<uint32_t> SortedOrder(std::span<const BytesView> texts);

}  // namespace weir
