#include <algorithm>
#include <charconv>
#include <set>

#include "lake/json_fields.h"
#include "lake/literal_text.h"
#include "lake/view_metadata.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kVersionsKey = "version.history.num-entries";
constexpr size_t kVersionsDefault = 10;
constexpr std::string_view kDropDialectKey = "replace.drop-dialect.allowed";

template <class... A>
Failure Refuse(fmt::format_string<A...> message, A&&... args) {
  return Fail(ErrorCode::kInvalidTable, message, std::forward<A>(args)...);
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

std::set<std::string> DialectsOf(const ViewVersion& version) {
  std::set<std::string> out;
  for (const ViewRepresentation& item : version.representations) {
    if (item.type == "sql") out.insert(Lower(item.dialect));
  }
  return out;
}

class Change {
 public:
  Change(const ViewMetadata& base, int64_t now_ms) : base_(base), now_ms_(now_ms), view_(base) {}

  Status operator()(const AssignUuid& update);
  Status operator()(const UpgradeFormatVersion& update);
  Status operator()(const AddSchema& update);
  Status operator()(const SetLocation& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const AddViewVersion& update);
  Status operator()(const SetCurrentViewVersion& update);

  Result<ViewMetadata> Finish();

 private:
  Status CheckDialectsKept() const;
  Status ForgetOldVersions();

  const ViewMetadata& base_;
  const int64_t now_ms_;
  ViewMetadata view_;
  std::optional<int32_t> last_schema_;
  std::optional<int32_t> last_version_;
  std::set<int32_t> added_;
};

Status Change::operator()(const AssignUuid& update) {
  if (!UuidFromText(update.uuid)) return Refuse("not a uuid: uuid={:.200}", update.uuid);
  if (!view_.view_uuid.empty() && view_.view_uuid != update.uuid) {
    return Refuse("cannot reassign uuid: have={} got={}", view_.view_uuid, update.uuid);
  }
  view_.view_uuid = update.uuid;
  return {};
}

Status Change::operator()(const UpgradeFormatVersion& update) {
  if (update.format_version == view_.format_version) return {};
  return Refuse("views have format version 1: version={}", update.format_version);
}

Status Change::operator()(const AddSchema& update) {
  int64_t id = 0;
  for (const Schema& schema : view_.schemas) {
    if (schema.SameFields(update.schema)) {
      last_schema_ = schema.schema_id();
      return {};
    }
    id = std::max(id, int64_t{schema.schema_id()} + 1);
  }
  if (id > INT32_MAX) return Refuse("the numbers for a new schema run out");
  last_schema_ = static_cast<int32_t>(id);
  view_.schemas.push_back(update.schema.WithId(*last_schema_));
  return {};
}

Status Change::operator()(const SetLocation& update) {
  if (update.location.empty()) return Refuse("a location is empty");
  view_.location = update.location;
  return {};
}

Status Change::operator()(const SetProperties& update) {
  for (const auto& [key, value] : update.updates) view_.properties[key] = value;
  return {};
}

Status Change::operator()(const RemoveProperties& update) {
  for (const std::string& key : update.removals) view_.properties.erase(key);
  return {};
}

Status Change::operator()(const AddViewVersion& update) {
  ViewVersion version = update.version;
  if (version.schema_id == kLastAdded) {
    if (!last_schema_) return Refuse("cannot set last added schema: no schema has been added");
    version.schema_id = *last_schema_;
  }
  if (view_.FindSchema(version.schema_id) == nullptr) {
    return Refuse("cannot add version with unknown schema: {}", version.schema_id);
  }
  int64_t id = std::max(1, version.version_id);
  for (const ViewVersion& have : view_.versions) {
    if (have.SameMeaning(version)) {
      last_version_ = have.version_id;
      return {};
    }
    id = std::max(id, int64_t{have.version_id} + 1);
  }
  if (id > INT32_MAX) return Refuse("the numbers for a new version run out");
  version.version_id = static_cast<int32_t>(id);
  std::set<std::string> dialects;
  for (const ViewRepresentation& item : version.representations) {
    if (item.type == "sql" && !dialects.insert(Lower(item.dialect)).second) {
      return Refuse("Invalid view version: Cannot add multiple queries for dialect {:.200}",
                    Lower(item.dialect));
    }
  }
  last_version_ = version.version_id;
  added_.insert(version.version_id);
  view_.versions.push_back(std::move(version));
  return {};
}

Status Change::operator()(const SetCurrentViewVersion& update) {
  if (update.version_id == kLastAdded && !last_version_) {
    return Refuse("cannot set last version id: no current version id has been set");
  }
  const int32_t id = update.version_id == kLastAdded ? *last_version_ : update.version_id;
  const ViewVersion* version = view_.FindVersion(id);
  if (version == nullptr) return Refuse("cannot set current version to unknown version: {}", id);
  if (id == view_.current_version_id && !view_.version_log.empty()) return {};
  view_.current_version_id = id;
  view_.version_log.push_back({added_.contains(id) ? version->timestamp_ms : now_ms_, id});
  return {};
}

/// A view that engines of one dialect can read must not vanish for them by a change that others make.
Status Change::CheckDialectsKept() const {
  const ViewVersion* before = base_.FindVersion(base_.current_version_id);
  const ViewVersion* after = view_.FindVersion(view_.current_version_id);
  const auto allowed = view_.properties.find(kDropDialectKey);
  if (before == nullptr || after == nullptr) return {};
  if (allowed != view_.properties.end() && Lower(allowed->second) == "true") return {};
  const std::set<std::string> old_dialects = DialectsOf(*before);
  const std::set<std::string> new_dialects = DialectsOf(*after);
  if (std::ranges::includes(new_dialects, old_dialects)) return {};
  return Refuse("Cannot replace view due to loss of view dialects ({}=false)", kDropDialectKey);
}

/// The newest stay, and always the current one and those of this change.
Status Change::ForgetOldVersions() {
  size_t kept = kVersionsDefault;
  if (const auto found = view_.properties.find(kVersionsKey); found != view_.properties.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), kept);
    if (error != std::errc() || end != text.data() + text.size() || kept == 0) {
      return Refuse("{} must be positive but was {:.200}", kVersionsKey, text);
    }
  }
  std::set<int32_t> protected_ids = added_;
  protected_ids.insert(view_.current_version_id);
  kept = std::max(kept, protected_ids.size());
  if (view_.versions.size() <= kept) return {};
  std::vector<int32_t> ids;
  for (const ViewVersion& version : view_.versions) ids.push_back(version.version_id);
  std::ranges::sort(ids, std::greater<>());
  for (const int32_t id : ids) {
    if (protected_ids.size() < kept) protected_ids.insert(id);
  }
  std::erase_if(view_.versions, [&](const ViewVersion& version) {
    return !protected_ids.contains(version.version_id);
  });
  std::vector<ViewLogEntry> log;
  for (const ViewLogEntry& entry : view_.version_log) {
    if (protected_ids.contains(entry.version_id)) {
      log.push_back(entry);
    } else {
      log.clear();
    }
  }
  view_.version_log = std::move(log);
  return {};
}

Result<ViewMetadata> Change::Finish() {
  if (view_.location.empty()) return Refuse("a view has no location");
  if (view_.versions.empty()) return Refuse("Invalid view: no versions were added");
  if (view_.FindVersion(view_.current_version_id) == nullptr) {
    return Refuse("a view has no current version");
  }
  if (view_.view_uuid.empty()) view_.view_uuid = NewUuid();
  RETURN_IF_ERROR(CheckDialectsKept());
  RETURN_IF_ERROR(ForgetOldVersions());
  return std::move(view_);
}

/// The updates that tables have too.
struct Shared {
  template <class T>
  Result<ViewUpdate> operator()(T update) const {
    if constexpr (std::is_constructible_v<ViewUpdate, T>) {
      return ViewUpdate(std::move(update));
    } else {
      return Refuse("an update of tables for a view");
    }
  }
};

}  // namespace

Result<ViewUpdate> ViewUpdateFromJson(const json::value& value) {
  JsonFields in(value, "an update");
  std::string action;
  in.Need("action", action);
  RETURN_IF_ERROR(in.status());
  action = Lower(std::move(action));
  if (action == "add-view-version") {
    AddViewVersion out;
    in.NeedBy("view-version", out.version, &ViewVersionFromJson);
    RETURN_IF_ERROR(in.status());
    return ViewUpdate(std::move(out));
  }
  if (action == "set-current-view-version") {
    SetCurrentViewVersion out;
    in.Need("view-version-id", out.version_id);
    RETURN_IF_ERROR(in.status());
    return ViewUpdate(out);
  }
  ASSIGN_OR_RETURN(TableUpdate update, TableUpdateFromJson(value));
  return std::visit(Shared{}, std::move(update));
}

Result<AssertViewUuid> ViewRequirementFromJson(const json::value& value) {
  JsonFields in(value, "a requirement");
  std::string type;
  AssertViewUuid out;
  in.Need("type", type);
  in.Need("uuid", out.uuid);
  RETURN_IF_ERROR(in.status());
  if (Lower(type) != "assert-view-uuid") {
    return Refuse("unknown requirement of a view: type={:.200}", type);
  }
  return out;
}

Result<ViewMetadata> ApplyViewUpdates(const ViewMetadata& base, std::span<const ViewUpdate> updates,
                                      int64_t now_ms) {
  Change change(base, now_ms);
  for (const ViewUpdate& update : updates) RETURN_IF_ERROR(std::visit(change, update));
  return change.Finish();
}

}  // namespace weir::iceberg
