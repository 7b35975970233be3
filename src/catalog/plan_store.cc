#include "catalog/plan_store.h"

#include <algorithm>

namespace weir::iceberg {

std::shared_ptr<const StoredPlan> PlanStore::Add(StoredPlan plan) {
  Entry entry{.plan = nullptr, .tasks = 0, .touched_ms = clock_.NowMs()};
  for (const auto& page : plan.pages) entry.tasks += static_cast<int64_t>(page.size());
  entry.plan = std::make_shared<const StoredPlan>(std::move(plan));
  const std::lock_guard lock(mutex_);
  tasks_ += entry.tasks;
  const auto added = entry.plan;
  entries_[added->id] = std::move(entry);
  MakeRoom();
  return added;
}

std::shared_ptr<const StoredPlan> PlanStore::Find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  found->second.touched_ms = clock_.NowMs();
  return found->second.plan;
}

bool PlanStore::Remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  tasks_ -= found->second.tasks;
  entries_.erase(found);
  return true;
}

void PlanStore::MakeRoom() {
  const int64_t too_old =
      clock_.NowMs() - std::chrono::duration_cast<std::chrono::milliseconds>(kLifetime).count();
  std::erase_if(entries_, [&](const auto& entry) {
    if (entry.second.touched_ms >= too_old) return false;
    tasks_ -= entry.second.tasks;
    return true;
  });
  while (tasks_ > kTasksMax && entries_.size() > 1) {
    const auto oldest = std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.touched_ms; });
    tasks_ -= oldest->second.tasks;
    entries_.erase(oldest);
  }
}

}  // namespace weir::iceberg
