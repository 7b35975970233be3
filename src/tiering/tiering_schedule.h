// Which table is tiered when, by whom, and how often it failed: the coordinator's state machine.
//
//   Scheduled --(freshness since the last round began)--> Pending --(handed out)--> Tiering --> Scheduled
//                                                            ^                        |
//                                                            +----(failed, silent)----+
//
// A table handed out has a tiering epoch; whoever comes with an older one is fenced. In memory only: after a
// restart every table is due when its freshness since the last lake snapshot is over.
// Thread: any. Source: Fluss 545c5539 LakeTableTieringManager; waits between failures are ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

enum class TieringState : uint8_t { kScheduled, kPending, kTiering };
std::string_view Name(TieringState state);

struct TieringScheduleOptions {
  std::chrono::milliseconds backoff_min{500};
  std::chrono::milliseconds backoff_max{60'000};
  std::chrono::milliseconds silence_max =
      std::chrono::minutes(2);  // then a table is handed out again
};

class TieringSchedule {
 public:
  struct Assignment {
    TableId table;
    int64_t epoch = 0;
  };
  struct Entry {
    TieringState state = TieringState::kScheduled;
    std::chrono::milliseconds freshness{0};
    int64_t epoch = 0;
    int64_t due_ms = 0;      // kScheduled: when it becomes pending
    int64_t alive_ms = 0;    // kTiering: the last sign of life
    int64_t started_ms = 0;  // of the last round
    int64_t failures = 0;    // in a row
  };
  enum class Finished : uint8_t { kDone, kForced };  // kForced: more is waiting, again at once

  TieringSchedule(const TieringScheduleOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}

  /// Follow a table, or take over its new freshness. tiered_ms: when its last round ended; nothing: never.
  void Set(TableId table, std::chrono::milliseconds freshness, std::optional<int64_t> tiered_ms);
  void Remove(TableId table);
  /// Make a scheduled table pending now.
  void Hurry(TableId table);

  /// The table that has waited longest, now being tiered; nothing when none is pending.
  std::optional<Assignment> Request();
  /// Errors of all: kTableNotExist  not followed any more;  kFencedTieringEpoch
  ///                      kUnknownServerError  Renew of a table that nobody tiers
  Status Renew(TableId table, int64_t epoch);
  Status Finish(TableId table, int64_t epoch, Finished how);
  /// It could not be tiered just now: again after `wait`. No failure.
  Status Postpone(TableId table, int64_t epoch, std::chrono::milliseconds wait);
  /// Again after a wait that doubles with each failure; `soon` without one (the external job's own wish).
  enum class Retry : uint8_t { kSoon, kLater };
  Status Fail(TableId table, int64_t epoch, Retry retry);

  /// When something becomes pending next, in ms since the epoch; nothing when all is pending or taken.
  std::optional<int64_t> NextDueMs() const;
  std::optional<Entry> Find(TableId table) const;
  /// Tables waiting to be handed out.
  size_t pending() const;

 private:
  Result<Entry*> Check(TableId table, int64_t epoch);
  void MakePending(TableId table, Entry& entry);
  void Advance();

  const TieringScheduleOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<TableId, Entry> tables_;
  std::deque<TableId> pending_;  // may hold removed tables
};

}  // namespace weir
