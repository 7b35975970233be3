// KeyMap: keys to small values in a RocksDB folder of its own, for state that can be made again from elsewhere. A batch
// of changes is applied entirely or not at all, and after a crash the last batches may be missing (never one that was
// applied before another that is there): whoever uses it keeps a mark in it of how far it is.
//
// All maps of a process share one bound of memory, for blocks read and for changes not written yet.
// RocksDB headers stay in key_map.cc. Thread-safe: reads while another thread applies a batch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace weir {

class KvCursor;

class KeyMap {
 public:
  class Batch {
   public:
    Batch();
    ~Batch();
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    void Put(BytesView key, BytesView value);
    void Delete(BytesView key);
    /// Memory taken.
    size_t bytes() const;

   private:
    friend class KeyMap;
    struct Rep;
    std::unique_ptr<Rep> rep_;
  };

  /// Open the folder, or create it. A damaged one is emptied: its contents can be made again. So is, when it is closed,
  /// one in which damage was found later; what had to be read then failed.
  /// Errors  kKvStorage, kStorage
  static Result<std::unique_ptr<KeyMap>> Open(const std::filesystem::path& folder);
  ~KeyMap();

  Result<std::optional<std::string>> Get(BytesView key) const;
  /// Call `take` for each of `keys`, which ascend, that is there, with its place in `keys`; in their order.
  Status GetAll(std::span<const BytesView> keys,
                const std::function<void(size_t at, BytesView value)>& take) const;
  /// A walk over what is there now; whoever made it asks Check how it ended.
  std::unique_ptr<KvCursor> NewCursor() const;
  Status Check(const KvCursor& cursor) const;
  /// Every key that begins with `prefix`, in order.
  Status Visit(BytesView prefix,
               const std::function<void(BytesView key, BytesView value)>& visit) const;
  /// Cheapest when the batch's keys are in order. The batch is empty afterwards.
  Status Apply(Batch& batch);
  /// Take everything out.
  Status Clear();
  /// Bring what was applied to the disk.
  Status Flush();

  /// Whoever understands the values found one that cannot be right: the folder is emptied when this closes, as when a
  /// block of it has another checksum than it should.
  Failure Damaged(std::string_view what) const;

 private:
  struct State;
  explicit KeyMap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
