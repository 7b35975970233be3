#include <algorithm>

#include "lake/lake_catalog_state.h"

namespace weir::iceberg {
namespace {

Status CheckNames(const Namespace& levels) {
  if (!levels.empty() && std::ranges::all_of(levels, IsGoodName)) return {};
  return Fail(ErrorCode::kInvalidDatabase,
              "a namespace has levels of 1 to 255 bytes without control characters: namespace={}",
              ToString(levels));
}

bool IsParent(const Namespace& parent, const Namespace& child) {
  return child.size() > parent.size() && std::equal(parent.begin(), parent.end(), child.begin());
}

}  // namespace

Status LakeCatalog::CreateNamespace(const Namespace& levels, const StringMap& properties) {
  State& s = *state_;
  RETURN_IF_ERROR(CheckNames(levels));
  const std::lock_guard change(s.changes);
  if (s.HasNamespace(levels))
    return Fail(ErrorCode::kDatabaseAlreadyExist, "Namespace already exists: {}",
                iceberg::ToString(levels));
  std::vector<Namespace> missing;
  for (size_t depth = 1; depth < levels.size(); ++depth) {
    Namespace above(levels.begin(), levels.begin() + static_cast<ptrdiff_t>(depth));
    if (!s.HasNamespace(above)) missing.push_back(std::move(above));
  }
  Transaction transaction;
  for (const Namespace& above : missing) transaction.Put(NamespaceKey(above), ToText(StringMap()));
  transaction.Put(NamespaceKey(levels), ToText(properties));
  RETURN_IF_ERROR(s.store.Commit(transaction));
  const std::unique_lock lock(s.names);
  for (Namespace& above : missing) s.namespaces[std::move(above)];
  s.namespaces[levels] = properties;
  return {};
}

Status LakeCatalog::EnsureNamespace(const Namespace& levels) {
  if (NamespaceExists(levels)) return {};
  const Status made = CreateNamespace(levels, {{std::string(kMadeForTiering), "true"}});
  return made.code() == ErrorCode::kDatabaseAlreadyExist ? Status() : made;
}

Status LakeCatalog::DropUnusedNamespaces(const std::function<bool(const Namespace&)>& wanted) {
  std::vector<Namespace> ours;
  {
    const std::shared_lock lock(state_->names);
    for (const auto& [levels, properties] : state_->namespaces) {
      if (properties.contains(std::string(kMadeForTiering))) ours.push_back(levels);
    }
  }
  for (const Namespace& levels : ours) {
    if (wanted(levels)) continue;
    const Status dropped = DropNamespace(levels);
    if (!dropped.ok() && dropped.code() != ErrorCode::kDatabaseNotEmpty &&
        dropped.code() != ErrorCode::kDatabaseNotExist) {
      return dropped;
    }
  }
  return {};
}

bool LakeCatalog::NamespaceExists(const Namespace& levels) const {
  const std::shared_lock lock(state_->names);
  return state_->HasNamespace(levels);
}

Result<StringMap> LakeCatalog::NamespaceProperties(const Namespace& levels) const {
  const std::shared_lock lock(state_->names);
  RETURN_IF_ERROR(state_->NeedNamespace(levels));
  return state_->namespaces.at(levels);
}

Result<ChangedKeys> LakeCatalog::UpdateNamespace(const Namespace& levels,
                                                 const std::vector<std::string>& removals,
                                                 const StringMap& updates) {
  State& s = *state_;
  const std::lock_guard change(s.changes);
  RETURN_IF_ERROR(s.NeedNamespace(levels));
  StringMap properties = s.namespaces.at(levels);
  ChangedKeys out;
  for (const std::string& key : removals) {
    if (updates.contains(key))
      return Fail(ErrorCode::kInvalidDatabase, "Cannot remove and update the same key: {}", key);
    (properties.erase(key) > 0 ? out.removed : out.missing).push_back(key);
  }
  for (const auto& [key, value] : updates) {
    properties[key] = value;
    out.updated.push_back(key);
  }
  Transaction transaction;
  transaction.Put(NamespaceKey(levels), ToText(properties));
  RETURN_IF_ERROR(s.store.Commit(transaction));
  const std::unique_lock lock(s.names);
  s.namespaces[levels] = std::move(properties);
  return out;
}

Result<std::vector<Namespace>> LakeCatalog::ListNamespaces(const Namespace& parent) const {
  const std::shared_lock lock(state_->names);
  if (!parent.empty()) RETURN_IF_ERROR(state_->NeedNamespace(parent));
  std::vector<Namespace> out;
  for (auto at = state_->namespaces.lower_bound(parent); at != state_->namespaces.end(); ++at) {
    if (at->first == parent) continue;
    if (!IsParent(parent, at->first)) break;
    if (at->first.size() == parent.size() + 1) out.push_back(at->first);
  }
  return out;
}

Status LakeCatalog::DropNamespace(const Namespace& levels) {
  State& s = *state_;
  const std::lock_guard change(s.changes);
  RETURN_IF_ERROR(s.NeedNamespace(levels));
  const auto next = std::next(s.namespaces.find(levels));
  const bool has_inner = next != s.namespaces.end() && IsParent(levels, next->first);
  const auto holds = [&](const auto& map) {
    const auto first = map.lower_bound(Ident{.levels = levels, .name = {}});
    return first != map.end() && first->first.levels == levels;
  };
  if (has_inner || holds(s.tables) || holds(s.views))
    return Fail(ErrorCode::kDatabaseNotEmpty, "Namespace {} is not empty",
                iceberg::ToString(levels));
  Transaction transaction;
  transaction.Delete(NamespaceKey(levels));
  RETURN_IF_ERROR(s.store.Commit(transaction));
  const std::unique_lock lock(s.names);
  s.namespaces.erase(levels);
  return {};
}

}  // namespace weir::iceberg
