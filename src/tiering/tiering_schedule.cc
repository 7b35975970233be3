#include "tiering/tiering_schedule.h"

#include <algorithm>

namespace weir {

std::string_view Name(TieringState state) {
  switch (state) {
    case TieringState::kScheduled:
      return "scheduled";
    case TieringState::kPending:
      return "pending";
    case TieringState::kTiering:
      return "tiering";
  }
  return "";
}

void TieringSchedule::Set(TableId table, std::chrono::milliseconds freshness,
                          std::optional<int64_t> tiered_ms) {
  const std::lock_guard lock(mutex_);
  const auto [at, added] = tables_.try_emplace(table);
  Entry& entry = at->second;
  if (!added && entry.freshness == freshness) return;
  const int64_t since = added ? tiered_ms.value_or(clock_.NowMs()) : entry.started_ms;
  entry.freshness = freshness;
  if (added) entry.started_ms = since;
  if (entry.state == TieringState::kScheduled && entry.failures == 0)
    entry.due_ms = since + freshness.count();
}

void TieringSchedule::Remove(TableId table) {
  const std::lock_guard lock(mutex_);
  tables_.erase(table);
}

void TieringSchedule::Hurry(TableId table) {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end() || found->second.state != TieringState::kScheduled) return;
  MakePending(table, found->second);
}

std::optional<TieringSchedule::Assignment> TieringSchedule::Request() {
  const std::lock_guard lock(mutex_);
  Advance();
  while (!pending_.empty()) {
    const TableId table = pending_.front();
    pending_.pop_front();
    const auto found = tables_.find(table);
    if (found == tables_.end() || found->second.state != TieringState::kPending) continue;
    Entry& entry = found->second;
    entry.state = TieringState::kTiering;
    entry.alive_ms = entry.started_ms = clock_.NowMs();
    return Assignment{table, entry.epoch};
  }
  return std::nullopt;
}

Status TieringSchedule::Renew(TableId table, int64_t epoch) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry* const entry, Check(table, epoch));
  if (entry->state != TieringState::kTiering)
    return weir::Fail(ErrorCode::kUnknownServerError, "nobody tiers the table: table={} state={}",
                      table.value, Name(entry->state));
  entry->alive_ms = clock_.NowMs();
  return {};
}

Status TieringSchedule::Finish(TableId table, int64_t epoch, Finished how) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry* const entry, Check(table, epoch));
  if (entry->state != TieringState::kTiering) return {};
  entry->failures = 0;
  if (how == Finished::kForced) {
    MakePending(table, *entry);
    return {};
  }
  entry->state = TieringState::kScheduled;
  // From the beginning of the round: what arrived while it ran is then not older than the freshness asked for.
  entry->due_ms = entry->started_ms + entry->freshness.count();
  return {};
}

Status TieringSchedule::Postpone(TableId table, int64_t epoch, std::chrono::milliseconds wait) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry* const entry, Check(table, epoch));
  if (entry->state != TieringState::kTiering) return {};
  entry->state = TieringState::kScheduled;
  entry->due_ms = clock_.NowMs() + wait.count();
  return {};
}

Status TieringSchedule::Fail(TableId table, int64_t epoch, Retry retry) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry* const entry, Check(table, epoch));
  if (entry->state != TieringState::kTiering) return {};
  ++entry->failures;
  if (retry == Retry::kSoon) {
    MakePending(table, *entry);
    return {};
  }
  entry->state = TieringState::kScheduled;
  const int64_t doublings = std::min<int64_t>(entry->failures - 1, 20);
  const int64_t wait =
      std::min(options_.backoff_min.count() << doublings, options_.backoff_max.count());
  entry->due_ms = clock_.NowMs() + wait;
  return {};
}

std::optional<int64_t> TieringSchedule::NextDueMs() const {
  const std::lock_guard lock(mutex_);
  std::optional<int64_t> next;
  for (const auto& [table, entry] : tables_) {
    if (entry.state == TieringState::kScheduled)
      next = std::min(next.value_or(entry.due_ms), entry.due_ms);
  }
  return next;
}

std::optional<TieringSchedule::Entry> TieringSchedule::Find(TableId table) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  return found == tables_.end() ? std::nullopt : std::optional(found->second);
}

size_t TieringSchedule::pending() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::ranges::count_if(
      tables_, [](const auto& one) { return one.second.state == TieringState::kPending; }));
}

Result<TieringSchedule::Entry*> TieringSchedule::Check(TableId table, int64_t epoch) {
  const auto found = tables_.find(table);
  if (found == tables_.end())
    return weir::Fail(ErrorCode::kTableNotExist, "the table is not tiered: table={}", table.value);
  if (found->second.epoch != epoch)
    return weir::Fail(ErrorCode::kFencedTieringEpoch,
                      "another round of the table has begun: table={} epoch={} now={}", table.value,
                      epoch, found->second.epoch);
  return &found->second;
}

void TieringSchedule::MakePending(TableId table, Entry& entry) {
  entry.state = TieringState::kPending;
  ++entry.epoch;
  pending_.push_back(table);
}

void TieringSchedule::Advance() {
  const int64_t now = clock_.NowMs();
  std::vector<std::pair<int64_t, TableId>> due;
  for (auto& [table, entry] : tables_) {
    if (entry.state == TieringState::kScheduled && entry.due_ms <= now)
      due.emplace_back(entry.due_ms, table);
    if (entry.state == TieringState::kTiering &&
        now - entry.alive_ms >= options_.silence_max.count()) {
      ++entry.failures;
      due.emplace_back(entry.alive_ms, table);
    }
  }
  std::ranges::sort(due);
  for (const auto& [when, table] : due) MakePending(table, tables_.at(table));
}

}  // namespace weir
