// What a bucket remembers of its idempotent writers: the last five batches of each, so that a batch sent twice is
// stored once, also across restarts (INV-4). Derived from the log: a snapshot file plus the headers behind it.
// Plain and single-threaded; owned by a LogTablet. Format: docs/formats/writer_snapshot.md.
// Source: Fluss 1.0 WriterStateManager, WriterStateEntry, WriterAppendInfo.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

/// One batch a writer had accepted.
struct WriterBatch {
  int32_t sequence = 0;
  Offset base_offset = 0;
  Offset last_offset = 0;
  int64_t timestamp = 0;

  friend bool operator==(const WriterBatch&, const WriterBatch&) = default;
};

class WriterState {
 public:
  static constexpr size_t kBatchesPerWriter = 5;

  explicit WriterState(int64_t expiration_ms) : expiration_ms_(expiration_ms) {}

  /// Whether (writer, sequence) may be appended now: nothing = yes; a value = it was, with these offsets.
  ///
  /// Errors  kOutOfOrderSequence  neither one of the writer's last five nor its next. A writer nobody remembers must
  ///                              start at 0, unless writers were forgotten: then it may go on where it was.
  Result<std::optional<WriterBatch>> Check(int64_t writer_id, int32_t sequence) const;

  /// Take a batch that is in the log. Never refuses: what was accepted once stays accepted.
  void Add(int64_t writer_id, const WriterBatch& batch);

  /// Forget writers whose last batch is older than the expiration at log time `now_ms`.
  void Expire(int64_t now_ms);

  /// Batches before the log's start were never seen: an unknown writer may not be new.
  void MarkIncomplete() { incomplete_ = true; }

  size_t size() const { return writers_.size(); }
  void Clear() { writers_.clear(), incomplete_ = false; }

  /// A snapshot that says: this is the state after the log up to `end_offset`.
  std::string Encode(Offset end_offset) const;
  /// Replace the state; returns the end offset it belongs to.
  /// Errors  kCorruptMessage; the state is then empty
  Result<Offset> Decode(BytesView snapshot);

 private:
  struct Writer {
    std::array<WriterBatch, kBatchesPerWriter> recent;  // oldest first
    size_t count = 0;

    std::span<const WriterBatch> batches() const { return {recent.data(), count}; }
    const WriterBatch& last() const { return recent[count - 1]; }
    void Push(const WriterBatch& batch);
  };

  const int64_t expiration_ms_;
  std::unordered_map<int64_t, Writer> writers_;
  bool incomplete_ = false;
};

}  // namespace weir
