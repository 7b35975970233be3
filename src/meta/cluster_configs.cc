#include "meta/cluster_configs.h"

#include <algorithm>
#include <array>

#include "base/options.h"
#include "meta/store.h"

namespace weir {

namespace {

constexpr std::string_view kPrefix = "config/";
constexpr std::string_view kHidden = "******";
std::vector<std::string> Items(std::string_view list) {
  std::vector<std::string> out;
  // A list of texts always parses.
  static_cast<void>(ParseOption(list, out));
  return out;
}

std::string Join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out.append(out.empty() ? "" : ",").append(item);
  return out;
}

std::string KeyOf(std::string_view key) { return std::string(kPrefix).append(key); }

std::string Shown(std::string_view key, const std::string& value) {
  return IsSensitiveKey(key) && !value.empty() ? std::string(kHidden) : value;
}

}  // namespace

ClusterConfigs::ClusterConfigs(Store& store) : store_(store) {}

Status ClusterConfigs::Load() {
  for (const auto& [key, value] : store_.Scan(kPrefix))
    changed_.emplace(key.substr(kPrefix.size()), value);
  return {};
}

std::string ClusterConfigs::PresentValue(
    const std::map<std::string, std::string, std::less<>>& changed, std::string_view key) const {
  const auto found = changed.find(key);
  if (found != changed.end()) return found->second;
  const OptionSet::Row* row = options_ == nullptr ? nullptr : options_->Find(key);
  return row == nullptr ? "" : row->get();
}

Status ClusterConfigs::Alter(const std::vector<ConfigChange>& changes) {
  const std::lock_guard lock(mutex_);
  auto changed = changed_;
  for (const ConfigChange& change : changes) {
    if (change.op == ConfigOp::kDelete) {
      changed.erase(change.key);
      continue;
    }
    const OptionSet::Row* row = options_ == nullptr ? nullptr : options_->Find(change.key);
    if (row == nullptr || row->applied != kLive) {
      return Fail(ErrorCode::kConfigException,
                  "the option cannot be changed while the server runs: {}; {}", change.key,
                  row == nullptr ? "this server does not have it"
                                 : "set it in the configuration file and start again");
    }
    if (!change.value)
      return Fail(ErrorCode::kConfigException, "no value given: key={}", change.key);
    if (change.op == ConfigOp::kSet) {
      changed[change.key] = *change.value;
      continue;
    }
    if (row->type != "List") {
      return Fail(ErrorCode::kConfigException,
                  "only lists can be appended to or subtracted from: {}", change.key);
    }
    std::vector<std::string> items = Items(PresentValue(changed, change.key));
    if (change.op == ConfigOp::kAppend) items.push_back(*change.value);
    if (change.op == ConfigOp::kSubtract) std::erase(items, *change.value);
    changed[change.key] = Join(items);
  }
  Transaction transaction;
  for (const auto& [key, value] : changed) transaction.Put(KeyOf(key), value);
  for (const auto& [key, value] : changed_) {
    if (!changed.contains(key)) transaction.Delete(KeyOf(key));
  }
  if (!transaction.empty()) RETURN_IF_ERROR(store_.Commit(transaction));
  changed_ = std::move(changed);
  return {};
}

std::vector<ClusterConfigs::Entry> ClusterConfigs::Describe() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Entry> entries;
  if (options_ != nullptr) {
    for (const auto& [key, row] : options_->rows()) {
      entries[key] = {.key = key, .value = Shown(key, row.get()), .source = Source::kInitial};
    }
  }
  for (const auto& [key, value] : changed_) {
    entries[key] = {.key = key, .value = Shown(key, value), .source = Source::kDynamic};
  }
  std::vector<Entry> out;
  for (auto& [key, entry] : entries) out.push_back(std::move(entry));
  return out;
}

std::optional<std::string> ClusterConfigs::Find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = changed_.find(key);
  return found == changed_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace weir
