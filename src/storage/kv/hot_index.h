// HotIndex: the newest row of each hot key of one bucket, in memory. It answers look-ups (10+ M/s
// against RocksDB's 0.2 M/s) and absorbs upserts until they are written back.
//
// A row is immutable once it is in the index: an update puts a new row in the old one's place and
// the old one is freed when nobody can be looking (Commit, no pin). So a write-back thread or a
// scan may read pinned rows while the owning shard goes on writing.
//
// Owned by a KvTablet; single-threaded except for reading pinned rows. Design and measurements:
// docs/decisions/0010-hot-index.md
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <set>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "storage/kv/hot_memory.h"
#include "storage/kv/slab_arena.h"

namespace weir {

/// One key and its newest value, or the fact that it was deleted. The bytes follow the header.
struct HotRow {
  static constexpr uint32_t kDeleted = 0xffffffff;

  Offset offset;  // of the change in the log; -1 when it was read back from RocksDB
  uint32_t key_size;
  uint32_t value_size;  // kDeleted: no value

  bool deleted() const { return value_size == kDeleted; }
  BytesView key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }
  BytesView value() const {
    return {reinterpret_cast<const char*>(this + 1) + key_size, deleted() ? 0 : value_size};
  }
  size_t bytes() const { return sizeof(HotRow) + key_size + (deleted() ? 0 : value_size); }
};
static_assert(sizeof(HotRow) == 16);

class HotIndex {
 public:
  /// Whether changed rows can be walked in key order (costs a tree node per changed row).
  enum class Order { kNone, kByKey };

  explicit HotIndex(HotMemory& memory, Order order = Order::kNone);
  ~HotIndex();
  HotIndex(const HotIndex&) = delete;
  HotIndex& operator=(const HotIndex&) = delete;

  static uint64_t Hash(BytesView key);

  /// The row of `key`, or null when the index does not know it. Valid until the next change.
  const HotRow* Find(BytesView key) { return Find(key, Hash(key)); }
  const HotRow* Find(BytesView key, uint64_t hash);

  /// The same for many keys at once; hides the memory's latency. rows.size() == keys.size().
  void FindMany(std::span<const BytesView> keys, std::span<const HotRow*> rows);

  /// Fetch the cache line that Find(…, hash) looks at first.
  void Prefetch(uint64_t hash) const;
  /// Fetch the row it probably finds; a little after Prefetch.
  void PrefetchRow(uint64_t hash) const;

  /// Whether a key that Find does not know has no row anywhere: nothing was ever evicted.
  bool complete() const { return complete_; }
  void set_complete(bool complete) { complete_ = complete; }

  // Changes. They show at once and are made final by Commit or undone, all of them, by Rollback.
  // Rows found before a change stay readable until then.

  /// Put a value of `value_size` bytes; the caller fills the returned bytes before anything else.
  char* Put(BytesView key, uint64_t hash, size_t value_size, Offset offset);
  void Delete(BytesView key, uint64_t hash, Offset offset);
  void Commit();
  void Rollback();

  /// Remember a row read from RocksDB. `key` must be unknown. Not a change: Rollback keeps it.
  const HotRow* InsertClean(BytesView key, uint64_t hash, BytesView value);

  // Pins. Rows that were in the index when the pin was taken stay readable until it is released.

  using PinId = uint64_t;
  PinId Pin();
  void Unpin(PinId pin);
  /// Memory that only pins keep.
  int64_t pinned_bytes() const { return pinned_bytes_; }

  /// Append every row that is not known to be in RocksDB, in no order. O(index).
  void CollectUnwritten(std::vector<const HotRow*>& rows) const;

  // Write-back: StartFlush marks and returns all changed rows, in no order, and pins them; then
  // exactly one FinishFlush. After a failure the rows count as changed again.

  std::vector<const HotRow*> StartFlush();
  void FinishFlush(bool written);
  bool flushing() const { return flush_pin_ != 0; }

  /// Forget rows that RocksDB has, least recently used first, until about `bytes` are free for
  /// others or none is left; no change may be open. Returns the bytes freed.
  int64_t Evict(int64_t bytes);

  /// Evict a little when the process is over its memory bound and this index has nothing to reuse.
  /// Call it before a batch of changes.
  void MakeRoom();

  /// Forget everything; no pin, flush or change may be open.
  void Clear();

  /// Changed rows in key order, from the first key >= `from`; Order::kByKey only.
  class OrderedCursor;

  int64_t rows() const { return rows_; }  // deleted ones included
  int64_t changed_rows() const { return changed_rows_; }
  int64_t changed_bytes() const { return changed_bytes_; }
  int64_t memory_bytes() const { return arena_.held_bytes() + table_bytes_; }
  int64_t reusable_bytes() const { return arena_.free_bytes(); }
  Order order() const { return order_; }

 private:
  // A slot is 16 bits of hash, a 16-byte aligned address of 48 bits, and flags in its low bits.
  using Slot = uint64_t;
  static constexpr Slot kEmpty = 0;
  static constexpr Slot kDirty = 1;       // not in RocksDB
  static constexpr Slot kFlushing = 2;    // being written to RocksDB
  static constexpr Slot kReferenced = 4;  // used since the clock hand passed
  static constexpr Slot kErased = 8;      // was a row; probing goes on behind it
  static constexpr Slot kFlags = 15;
  static constexpr Slot kAddress = 0x0000'ffff'ffff'fff0;
  static constexpr size_t kPageSlots = 512;

  // Extendible hashing: pages of 512 slots with linear probing, found through a directory over the
  // top bits of the hash; a full page splits in two. Growth never moves more than one page's slots.
  struct Page {
    uint32_t live = 0;
    uint32_t used = 0;   // live and erased
    uint32_t depth = 0;  // how many top bits of the hash all its rows share
    Slot slots[kPageSlots] = {};
  };

  struct KeyLess {
    using is_transparent = void;
    static BytesView KeyOf(BytesView key) { return key; }
    static BytesView KeyOf(const HotRow* row) { return row->key(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) < KeyOf(b);
    }
  };
  using OrderedRows = std::set<const HotRow*, KeyLess>;

  struct Undo {
    HotRow* now;
    HotRow* before;  // null: the key was unknown
    Slot before_flags;
  };
  struct Retired {
    HotRow* row;
    PinId last_pin;  // the newest pin that may see it
  };

  static HotRow* RowOf(Slot slot) { return reinterpret_cast<HotRow*>(slot & kAddress); }
  static Slot TagOf(uint64_t hash) { return (hash >> 9) << 48; }
  Page& PageOf(uint64_t hash) const { return *directory_[hash >> shift_]; }

  Slot* FindSlot(BytesView key, uint64_t hash) const;
  Slot* InsertSlot(uint64_t hash, Slot slot);
  static Slot* PlaceIn(Page& page, uint64_t hash, Slot slot);
  void GrowPage(uint64_t hash);
  void Split(uint64_t hash);
  static void Refill(Page& low, Page* high);
  void EraseSlot(Slot& slot, uint64_t hash);
  Page* NewPage(uint32_t depth);
  template <class F>
  void ForEachPage(F&& f) const;

  HotRow* NewRow(BytesView key, uint32_t value_size, Offset offset);
  char* Change(BytesView key, uint64_t hash, uint32_t value_size, Offset offset);
  void CountChanged(const HotRow& row, int sign);
  void OrderPut(const HotRow* row, const HotRow* before, bool before_changed);
  void Retire(HotRow* row);
  void FreeRow(HotRow* row) { arena_.Free(reinterpret_cast<char*>(row), row->bytes()); }
  void FreeLargeRows();

  HotMemory& memory_;
  const Order order_;
  SlabArena arena_;
  std::vector<Page*> directory_;
  int shift_ = 63;
  bool complete_ = true;
  int64_t table_bytes_ = 0;
  int64_t rows_ = 0;
  int64_t changed_rows_ = 0;
  int64_t changed_bytes_ = 0;
  uint64_t clock_hand_ = 0;

  std::vector<Undo> undo_;
  std::set<PinId> pins_;
  PinId next_pin_ = 1;
  std::deque<Retired> retired_;
  int64_t pinned_bytes_ = 0;
  PinId flush_pin_ = 0;
  OrderedRows changed_order_;
  OrderedRows flushing_order_;
};

class HotIndex::OrderedCursor {
 public:
  OrderedCursor(const HotIndex& index, BytesView from);

  const HotRow* row() const;  // null at the end
  void Next();

 private:
  const OrderedRows& changed_;
  const OrderedRows& flushing_;
  OrderedRows::const_iterator at_changed_;
  OrderedRows::const_iterator at_flushing_;
};

}  // namespace weir
