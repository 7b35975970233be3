// KvReader: point look-ups and ordered reads over index and store, always of the newest state;
// KvTablet adds from which high watermark on an answer may be shown.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tablet/kv_state.h"

namespace weir {

class KvReader {
 public:
  explicit KvReader(KvState& state) : state_(state) {}

  /// Call `found(i, row)` for every key in order; `row` is null when the key has none, or a deleted
  /// row that says since when. Errors: kKvStorage.
  Status Lookup(std::span<const BytesView> keys,
                const std::function<void(size_t, const HotRow*)>& found);

  /// Visit live rows in key order from the first key >= `from`, until `visit` returns false.
  using Visit = std::function<bool(BytesView key, BytesView value)>;
  Status InOrder(BytesView from, const Visit& visit);

  /// Visit live rows whose key starts with `prefix`, in key order, until `visit` returns false.
  Status WithPrefix(BytesView prefix, const std::function<bool(BytesView value)>& visit);

 private:
  KvState& state_;
  std::vector<const HotRow*> rows_;
};

}  // namespace weir
