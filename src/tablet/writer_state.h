// What a bucket remembers of its idempotent writers: the last five batches of each, so that a batch sent twice is
// stored once, also across restarts (INV-4). Derived from the log: a snapshot file plus the headers behind it.
// Plain and single-threaded; owned by a LogTablet. Format: docs/formats/writer_snapshot.md.
// Source: Fluss 1.0 WriterStateManager, WriterStateEntry, WriterAppendInfo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

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
  /// Errors  kOutOfOrderSequence  neither one of the last five nor the next one. A writer nobody remembers may
  ///                              start at any sequence when something of it may have expired (`log_starts_at` > 0
  ///                              or the log is older than the expiration), else at 0 only.
  Result<std::optional<WriterBatch>> Check(int64_t writer_id, int32_t sequence) const;

  /// Take a batch that is in the log. Never refuses: what was accepted once stays accepted.
  void Add(int64_t writer_id, const WriterBatch& batch);

  /// Forget writers whose last batch is older than the expiration at log time `now_ms`.
  void Expire(int64_t now_ms);

  /// Forget batches at and above `offset`, after the log was cut there. Returns false when a writer lost all it
  /// had, so that the state must be rebuilt from an older snapshot.
  size_t size() const { return writers_.size(); }
  void Clear() { writers_.clear(); }

  /// Bytes of a snapshot that says: this is the state after the log up to `end_offset`.
  std::string Encode(Offset end_offset) const;
  /// Replace the state. Errors: kCorruptMessage; the state is then empty.
  Result<Offset> Decode(BytesView snapshot);

 private:
  struct Writer {
    std::vector<WriterBatch> batches;  // oldest first, at most kBatchesPerWriter
  };

  const int64_t expiration_ms_;
  std::unordered_map<int64_t, Writer> writers_;
  bool some_expired_ = false;  // a writer unknown here may have been known before
};

}  // namespace weir
