#include "storage/kv/hot_index.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace weir {
namespace {

// Longer probes cost more than a split: a page grows at 7/8.
constexpr uint32_t kPageUsedMax = 448;
// Below this many live rows a full page is full of erased slots, and clearing those is enough.
constexpr uint32_t kPageSplitLiveMin = 320;
// Only hostile keys could need more than 2^40 pages, and the hash is seeded against them.
constexpr uint32_t kDepthMax = 40;
// Rooms freed at a time when memory is full.
constexpr int64_t kSpareBytes = 256 * KiB;

uint64_t ProcessSeed() {
  static const uint64_t seed = std::random_device{}() * 0x9e3779b97f4a7c15ULL;
  return seed;
}

}  // namespace

HotIndex::HotIndex(HotMemory& memory, Order order)
    : memory_(memory), order_(order), arena_(memory) {
  directory_.assign(2, NewPage(0));
}

HotIndex::~HotIndex() {
  FreeLargeRows();
  ForEachPage([](Page* page) { delete page; });
  memory_.Release(table_bytes_);
}

uint64_t HotIndex::Hash(BytesView key) { return HashBytes(key, ProcessSeed()); }

HotIndex::Page* HotIndex::NewPage(uint32_t depth) {
  auto* page = new Page;
  page->depth = depth;
  table_bytes_ += sizeof(Page);
  memory_.Charge(sizeof(Page));
  return page;
}

template <class F>
void HotIndex::ForEachPage(F&& f) const {
  const int depth = 64 - shift_;
  for (size_t at = 0; at < directory_.size();) {
    Page* page = directory_[at];
    at += size_t{1} << (static_cast<uint32_t>(depth) - page->depth);
    f(page);
  }
}

void HotIndex::Prefetch(uint64_t hash) const {
  __builtin_prefetch(&PageOf(hash).slots[hash % kPageSlots]);
}

void HotIndex::PrefetchRow(uint64_t hash) const {
  const Slot slot = PageOf(hash).slots[hash % kPageSlots];
  if ((slot & kAddress) == 0) return;
  __builtin_prefetch(RowOf(slot));
  __builtin_prefetch(reinterpret_cast<const char*>(RowOf(slot)) + 64);
  __builtin_prefetch(reinterpret_cast<const char*>(RowOf(slot)) + 128);
}

HotIndex::Slot* HotIndex::FindSlot(BytesView key, uint64_t hash) const {
  Page& page = PageOf(hash);
  const Slot tag = TagOf(hash);
  for (size_t at = hash % kPageSlots;; at = (at + 1) % kPageSlots) {
    Slot& slot = page.slots[at];
    if (slot == kEmpty) return nullptr;
    if ((slot >> 48) == (tag >> 48) && (slot & kAddress) != 0 && RowOf(slot)->key() == key)
      return &slot;
  }
}

const HotRow* HotIndex::Find(BytesView key, uint64_t hash) {
  Slot* slot = FindSlot(key, hash);
  if (slot == nullptr) return nullptr;
  if ((*slot & kReferenced) == 0) *slot |= kReferenced;
  return RowOf(*slot);
}

void HotIndex::FindMany(std::span<const BytesView> keys, std::span<const HotRow*> rows) {
  constexpr size_t kGroup = 32;
  uint64_t hashes[kGroup];
  for (size_t first = 0; first < keys.size(); first += kGroup) {
    const size_t n = std::min(kGroup, keys.size() - first);
    for (size_t i = 0; i < n; ++i) {
      hashes[i] = Hash(keys[first + i]);
      Prefetch(hashes[i]);
    }
    for (size_t i = 0; i < n; ++i) PrefetchRow(hashes[i]);
    for (size_t i = 0; i < n; ++i) rows[first + i] = Find(keys[first + i], hashes[i]);
  }
}

HotIndex::Slot* HotIndex::PlaceIn(Page& page, uint64_t hash, Slot slot) {
  size_t at = hash % kPageSlots;
  while ((page.slots[at] & kAddress) != 0) at = (at + 1) % kPageSlots;
  if (page.slots[at] == kEmpty) ++page.used;
  ++page.live;
  page.slots[at] = slot;
  return &page.slots[at];
}

HotIndex::Slot* HotIndex::InsertSlot(uint64_t hash, Slot slot) {
  while (PageOf(hash).used >= kPageUsedMax) GrowPage(hash);
  return PlaceIn(PageOf(hash), hash, slot | TagOf(hash));
}

void HotIndex::GrowPage(uint64_t hash) {
  Page& page = PageOf(hash);
  if (page.live < kPageSplitLiveMin) {
    Refill(page, nullptr);
  } else {
    Split(hash);
  }
}

// Put the live slots of `low` into fresh pages: those whose next bit of the hash is set go to
// `high`.
void HotIndex::Refill(Page& low, Page* high) {
  Slot old[kPageSlots];
  std::copy(std::begin(low.slots), std::end(low.slots), old);
  for (const Slot slot : old) __builtin_prefetch(RowOf(slot));
  std::fill(std::begin(low.slots), std::end(low.slots), kEmpty);
  low.live = low.used = 0;
  for (const Slot slot : old) {
    if ((slot & kAddress) == 0) continue;
    const uint64_t hash = Hash(RowOf(slot)->key());
    const bool up = high != nullptr && ((hash >> (64 - low.depth)) & 1) != 0;
    PlaceIn(up ? *high : low, hash, slot);
  }
}

void HotIndex::Split(uint64_t hash) {
  Page& low = PageOf(hash);
  WEIR_CHECK(low.depth < kDepthMax);
  if (low.depth == static_cast<uint32_t>(64 - shift_)) {
    std::vector<Page*> twice(directory_.size() * 2);
    for (size_t i = 0; i < twice.size(); ++i) twice[i] = directory_[i / 2];
    directory_ = std::move(twice);
    --shift_;
  }
  const uint32_t depth = ++low.depth;
  Page* high = NewPage(depth);
  const size_t span = size_t{1} << (static_cast<uint32_t>(64 - shift_) - depth);
  const size_t first = (hash >> (64 - depth) | 1) << (static_cast<uint32_t>(64 - shift_) - depth);
  std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(first), span, high);
  Refill(low, high);
}

void HotIndex::EraseSlot(Slot& slot, uint64_t hash) {
  Page& page = PageOf(hash);
  const auto at = static_cast<size_t>(&slot - page.slots);
  --page.live;
  if (page.slots[(at + 1) % kPageSlots] == kEmpty) {
    slot = kEmpty;
    --page.used;
  } else {
    slot = kErased;
  }
}

HotRow* HotIndex::NewRow(BytesView key, uint32_t value_size, Offset offset) {
  const size_t value_bytes = value_size == HotRow::kDeleted ? 0 : value_size;
  auto* row = reinterpret_cast<HotRow*>(arena_.Allocate(sizeof(HotRow) + key.size() + value_bytes));
  row->offset = offset;
  row->key_size = static_cast<uint32_t>(key.size());
  row->value_size = value_size;
  std::memcpy(row + 1, key.data(), key.size());
  return row;
}

void HotIndex::CountChanged(const HotRow& row, int sign) {
  changed_rows_ += sign;
  changed_bytes_ += sign * static_cast<int64_t>(row.bytes());
}

void HotIndex::OrderPut(const HotRow* row, const HotRow* before, bool before_changed) {
  if (order_ == Order::kNone) return;
  if (before == nullptr || !before_changed) {
    changed_order_.insert(row);
    return;
  }
  const auto at = changed_order_.find(before);
  const_cast<const HotRow*&>(*at) = row;  // the same key: the order stays
}

char* HotIndex::Change(BytesView key, uint64_t hash, uint32_t value_size, Offset offset) {
  HotRow* row = NewRow(key, value_size, offset);
  Slot* slot = FindSlot(key, hash);
  HotRow* before = nullptr;
  Slot before_flags = 0;
  const Slot value = reinterpret_cast<uint64_t>(row) | kDirty | kReferenced;
  if (slot != nullptr) {
    before = RowOf(*slot);
    before_flags = *slot & kFlags;
    *slot = value | TagOf(hash);
    if ((before_flags & kDirty) != 0) CountChanged(*before, -1);
  } else {
    InsertSlot(hash, value);
    ++rows_;
  }
  CountChanged(*row, 1);
  OrderPut(row, before, (before_flags & kDirty) != 0);
  undo_.push_back({row, before, before_flags});
  return reinterpret_cast<char*>(row + 1) + key.size();
}

char* HotIndex::Put(BytesView key, uint64_t hash, size_t value_size, Offset offset) {
  WEIR_CHECK(value_size < HotRow::kDeleted);
  return Change(key, hash, static_cast<uint32_t>(value_size), offset);
}

void HotIndex::Delete(BytesView key, uint64_t hash, Offset offset) {
  Change(key, hash, HotRow::kDeleted, offset);
}

void HotIndex::Commit() {
  for (const Undo& undo : undo_) {
    if (undo.before != nullptr) Retire(undo.before);
  }
  undo_.clear();
}

void HotIndex::Rollback() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    const uint64_t hash = Hash(undo->now->key());
    Slot* slot = FindSlot(undo->now->key(), hash);
    CountChanged(*undo->now, -1);
    const bool before_changed = (undo->before_flags & kDirty) != 0;
    if (undo->before != nullptr) {
      *slot = reinterpret_cast<uint64_t>(undo->before) | undo->before_flags | TagOf(hash);
      if (before_changed) CountChanged(*undo->before, 1);
    } else {
      EraseSlot(*slot, hash);
      --rows_;
    }
    if (order_ == Order::kByKey) {
      const auto at = changed_order_.find(undo->now);
      if (before_changed) {
        const_cast<const HotRow*&>(*at) = undo->before;
      } else {
        changed_order_.erase(at);
      }
    }
    FreeRow(undo->now);
  }
  undo_.clear();
}

const HotRow* HotIndex::InsertClean(BytesView key, uint64_t hash, BytesView value) {
  HotRow* row = NewRow(key, static_cast<uint32_t>(value.size()), -1);
  std::memcpy(reinterpret_cast<char*>(row + 1) + key.size(), value.data(), value.size());
  InsertSlot(hash, reinterpret_cast<uint64_t>(row) | kReferenced);
  ++rows_;
  return row;
}

HotIndex::PinId HotIndex::Pin() {
  const PinId pin = next_pin_++;
  pins_.insert(pin);
  return pin;
}

void HotIndex::Unpin(PinId pin) {
  WEIR_CHECK(pins_.erase(pin) == 1);
  const PinId oldest = pins_.empty() ? next_pin_ : *pins_.begin();
  while (!retired_.empty() && retired_.front().last_pin < oldest) {
    pinned_bytes_ -= static_cast<int64_t>(retired_.front().row->bytes());
    FreeRow(retired_.front().row);
    retired_.pop_front();
  }
}

void HotIndex::Retire(HotRow* row) {
  if (pins_.empty()) {
    FreeRow(row);
    return;
  }
  pinned_bytes_ += static_cast<int64_t>(row->bytes());
  retired_.push_back({row, next_pin_ - 1});
}

void HotIndex::CollectUnwritten(std::vector<const HotRow*>& rows) const {
  ForEachPage([&](const Page* page) {
    for (const Slot slot : page->slots) {
      if ((slot & (kDirty | kFlushing)) != 0) rows.push_back(RowOf(slot));
    }
  });
}

std::vector<const HotRow*> HotIndex::StartFlush() {
  WEIR_CHECK(!flushing() && undo_.empty());
  flush_pin_ = Pin();
  std::vector<const HotRow*> rows;
  rows.reserve(static_cast<size_t>(changed_rows_));
  ForEachPage([&](Page* page) {
    for (Slot& slot : page->slots) {
      if ((slot & kDirty) == 0) continue;
      slot ^= kDirty | kFlushing;
      rows.push_back(RowOf(slot));
    }
  });
  changed_rows_ = changed_bytes_ = 0;
  flushing_order_ = std::exchange(changed_order_, {});
  return rows;
}

void HotIndex::FinishFlush(bool written) {
  WEIR_CHECK(flushing() && undo_.empty());
  ForEachPage([&](Page* page) {
    for (Slot& slot : page->slots) {
      if ((slot & kFlushing) == 0) continue;
      slot ^= kFlushing;
      HotRow* row = RowOf(slot);
      if (!written) {
        slot |= kDirty;
        CountChanged(*row, 1);
      } else if (row->deleted()) {
        EraseSlot(slot, Hash(row->key()));
        --rows_;
        Retire(row);
      }
    }
  });
  if (!written) changed_order_.merge(flushing_order_);
  flushing_order_.clear();
  Unpin(std::exchange(flush_pin_, 0));
}

int64_t HotIndex::Evict(int64_t bytes) {
  WEIR_CHECK(undo_.empty());
  int64_t freed = 0;
  // Twice around: the first pass may only clear the marks of use.
  for (uint64_t steps = 0; freed < bytes && steps < 2 * directory_.size(); ++steps) {
    const uint64_t at = clock_hand_ % directory_.size();
    Page* page = directory_[at];
    const uint64_t span = uint64_t{1} << (static_cast<uint32_t>(64 - shift_) - page->depth);
    clock_hand_ = (at & ~(span - 1)) + span;
    for (Slot& slot : page->slots) {
      if ((slot & kAddress) == 0 || (slot & (kDirty | kFlushing)) != 0) continue;
      if ((slot & kReferenced) != 0) {
        slot &= ~kReferenced;
        continue;
      }
      HotRow* row = RowOf(slot);
      freed += static_cast<int64_t>(row->bytes());
      EraseSlot(slot, Hash(row->key()));
      --rows_;
      complete_ = false;
      Retire(row);
    }
  }
  return freed;
}

void HotIndex::MakeRoom() {
  if (memory_.excess() > 0 && reusable_bytes() < kSpareBytes) Evict(kSpareBytes);
}

void HotIndex::Clear() {
  WEIR_CHECK(pins_.empty() && undo_.empty());
  FreeLargeRows();
  if (rows_ > 0) complete_ = false;
  ForEachPage([](Page* page) { delete page; });
  memory_.Release(std::exchange(table_bytes_, 0));
  arena_.Clear();
  shift_ = 63;
  directory_.assign(2, NewPage(0));
  changed_order_.clear();
  rows_ = changed_rows_ = changed_bytes_ = 0;
}

// Rows beyond the arena's classes are the system's and do not die with the blocks.
void HotIndex::FreeLargeRows() {
  const auto free_large = [&](HotRow* row) {
    if (row->bytes() > SlabArena::kChunkBytesMax) FreeRow(row);
  };
  ForEachPage([&](const Page* page) {
    for (const Slot slot : page->slots) {
      if ((slot & kAddress) != 0) free_large(RowOf(slot));
    }
  });
  for (const Retired& retired : retired_) free_large(retired.row);
}

HotIndex::OrderedCursor::OrderedCursor(const HotIndex& index, BytesView from)
    : changed_(index.changed_order_),
      flushing_(index.flushing_order_),
      at_changed_(changed_.lower_bound(from)),
      at_flushing_(flushing_.lower_bound(from)) {}

const HotRow* HotIndex::OrderedCursor::row() const {
  if (at_changed_ == changed_.end())
    return at_flushing_ == flushing_.end() ? nullptr : *at_flushing_;
  if (at_flushing_ == flushing_.end()) return *at_changed_;
  return (*at_flushing_)->key() < (*at_changed_)->key() ? *at_flushing_ : *at_changed_;
}

void HotIndex::OrderedCursor::Next() {
  const HotRow* gone = row();
  // A key in both was changed again while it is being written: the change is newer.
  if (at_flushing_ != flushing_.end() && (*at_flushing_)->key() == gone->key()) {
    const bool both = *at_flushing_ != gone;
    ++at_flushing_;
    if (!both) return;
  }
  ++at_changed_;
}

}  // namespace weir
