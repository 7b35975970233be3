#include "tablet/kv_reader.h"

#include <algorithm>
#include <memory>

namespace weir {
namespace {

// Unwritten rows of an index that keeps no order, smallest key first: O(n) to begin, O(log n) per
// step, which suits readers that want the first few.
class HeapCursor {
 public:
  HeapCursor(const HotIndex& index, BytesView from) {
    index.CollectUnwritten(rows_);
    std::erase_if(rows_, [&](const HotRow* row) { return row->key() < from; });
    std::make_heap(rows_.begin(), rows_.end(), Greater);
  }
  const HotRow* row() const { return rows_.empty() ? nullptr : rows_.front(); }
  void Next() {
    std::pop_heap(rows_.begin(), rows_.end(), Greater);
    rows_.pop_back();
  }

 private:
  static bool Greater(const HotRow* a, const HotRow* b) { return a->key() > b->key(); }

  std::vector<const HotRow*> rows_;
};

// Live rows of both halves in key order; where both know a key, the unwritten row is the newer one.
template <class Unwritten>
Status Merge(Unwritten unwritten, KvCursor* stored, const KvReader::Visit& visit) {
  while (true) {
    const HotRow* fresh = unwritten.row();
    const bool has_stored = stored != nullptr && stored->valid();
    if (fresh == nullptr && !has_stored) break;
    const auto order = fresh == nullptr ? 1
                       : !has_stored    ? -1
                                        : fresh->key().compare(stored->key());
    if (order > 0) {
      if (!visit(stored->key(), stored->value())) return {};
      stored->Next();
      continue;
    }
    if (order == 0) stored->Next();
    if (!fresh->deleted() && !visit(fresh->key(), fresh->value())) return {};
    unwritten.Next();
  }
  return stored == nullptr ? Status() : stored->status();
}

}  // namespace

Status KvReader::Lookup(std::span<const BytesView> keys,
                        const std::function<void(size_t, const HotRow*)>& found) {
  state_.environment.metrics.lookup_keys.Add(static_cast<int64_t>(keys.size()));
  rows_.resize(keys.size());
  if (!state_.index.complete()) state_.index.MakeRoom();
  state_.index.FindMany(keys, rows_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const HotRow* row = rows_[i];
    if (row == nullptr && !state_.index.complete()) {
      // Asked again: an earlier key of this request may have been the same.
      const uint64_t hash = HotIndex::Hash(keys[i]);
      row = state_.index.Find(keys[i], hash);
      if (row == nullptr) {
        ASSIGN_OR_RETURN(row, state_.ReadStored(keys[i], hash));
      }
    }
    found(i, row);
  }
  return {};
}

Status KvReader::InOrder(BytesView from, const Visit& visit) {
  std::shared_ptr<KvEngine> engine;
  std::unique_ptr<KvCursor> stored;
  if (state_.stored) {
    ASSIGN_OR_RETURN(engine, state_.store.Engine());
    stored = engine->NewCursor();
    stored->Seek(from);
  }
  if (state_.index.order() == HotIndex::Order::kByKey) {
    return Merge(HotIndex::OrderedCursor(state_.index, from), stored.get(), visit);
  }
  return Merge(HeapCursor(state_.index, from), stored.get(), visit);
}

Status KvReader::WithPrefix(BytesView prefix, const std::function<bool(BytesView value)>& visit) {
  return InOrder(prefix, [&](BytesView key, BytesView value) {
    return key.starts_with(prefix) && visit(value);
  });
}

}  // namespace weir
