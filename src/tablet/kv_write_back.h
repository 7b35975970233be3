// KvWriteBack: moves changed rows from the index to the store, in rounds. A round takes every
// change up to the log's end, waits until the log has made them durable (the store must never hold
// what the log may lose), writes them on a background thread while the shard goes on, and ends back
// on the shard. After a round the store is exactly the state before `flushed_offset` (INV-3).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "storage/kv/checkpoint.h"
#include "tablet/kv_state.h"

namespace weir {

class KvWriteBack {
 public:
  using PostHome = std::function<void(std::function<void()>)>;
  using Done = std::function<void(const Status&)>;

  /// Waits until a thread is through; empty when none has anything. Any thread that may block.
  using Wait = std::function<void()>;

  KvWriteBack(KvState& state, PostHome post_home);
  /// Gives up like Stop, and waits for a round that a thread has begun.
  ~KvWriteBack();

  /// Whether so much, or for so long, is not written back that recovery would be slow, memory is
  /// short, or retention cannot remove old log segments.
  bool IsDue(int64_t now_ms) const;

  /// Start a round, or ask for another one when one is under way. `done` is called on the shard
  /// once all changes made so far are in the store, or a round failed.
  void Start(Done done);

  bool running() const { return round_ != nullptr; }

  /// Give up, and tell whoever waits why. A round that no thread has begun is forgotten: it may be
  /// queued behind the caller. One that a thread has begun goes on; the owner must live until the
  /// result was called.
  Wait Stop(const Status& why);

  /// One round, here and now; for replay, before the tablet is in use. Everything before `up_to` is
  /// durable.
  Status RunNow(Offset up_to);

 private:
  struct Round;

  void Begin();
  Wait GiveUp();
  void Write(const std::shared_ptr<Round>& round);
  void Finish(const std::shared_ptr<Round>& round, const Status& status);

  KvState& state_;
  const PostHome post_home_;
  std::shared_ptr<Round> round_;
  int64_t retry_at_ms_ = 0;         // after a failure
  std::vector<Done> waiting_;       // for the round under way
  std::vector<Done> waiting_next_;  // for the one after it
  const std::shared_ptr<char> alive_ =
      std::make_shared<char>();  // what calls back later holds it weakly
};

}  // namespace weir
