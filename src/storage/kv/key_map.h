// KeyMap: keys to small values in a RocksDB folder of its own, for state that can be made again from elsewhere. A batch
// of changes is applied entirely or not at all, but what was applied last may be missing after a crash: whoever
// uses it keeps a mark in it of how far it is.
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
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir {

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

   private:
    friend class KeyMap;
    struct Rep;
    std::unique_ptr<Rep> rep_;
  };

  /// Open the folder, or create it. A damaged one is emptied: its contents can be made again.
  /// Errors  kKvStorage, kStorage
  static Result<std::unique_ptr<KeyMap>> Open(const std::filesystem::path& folder);
  ~KeyMap();

  Result<std::optional<std::string>> Get(BytesView key) const;
  /// One answer per key, in their order.
  Result<std::vector<std::optional<std::string>>> GetAll(std::span<const BytesView> keys) const;
  /// Every key that begins with `prefix`, in order.
  Status Visit(BytesView prefix,
               const std::function<void(BytesView key, BytesView value)>& visit) const;
  /// Cheapest when the batch's keys are in order.
  Status Apply(Batch& batch);
  /// Take everything out.
  Status Clear();
  /// Bring what was applied to the disk.
  Status Flush();

 private:
  struct State;
  explicit KeyMap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
