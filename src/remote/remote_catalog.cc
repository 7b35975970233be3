#include "remote/remote_catalog.h"

#include <algorithm>
#include <boost/json.hpp>

#include "http/url.h"
#include "lake/json_fields.h"
#include "lake/location_rules.h"
#include "meta/catalog.h"
#include "remote/rest_paths.h"

namespace weir::iceberg {
namespace {

/// A catalog that always has one more page must not hold a thread for ever.
constexpr int kPagesMax = 1000;
constexpr int64_t kNamesMax = 1'000'000;
/// How long the outermost namespaces are believed to be as they were.
constexpr int64_t kNamesMs = 10'000;
/// Questions about names come from queries, and somebody waits.
constexpr int kNameAttempts = 2;

bool IsThere(const RemoteRecord& record) { return record.stage != RemoteStage::kDropping; }

Result<Namespace> LevelsOf(const json::value& value) {
  json::object wrapped{{"levels", value}};
  Namespace out;
  const json::value document(std::move(wrapped));
  JsonFields in(document, "a namespace of the external catalog");
  in.Need("levels", out);
  RETURN_IF_ERROR(in.status());
  if (out.empty()) return Fail(ErrorCode::kUnknownServerError, "a namespace without levels");
  return out;
}

}  // namespace

Result<std::unique_ptr<RemoteCatalog>> RemoteCatalog::Open(Store& store, FileIo& files,
                                                           RestClient& client, RemotePlaces places,
                                                           const Clock& clock) {
  std::unique_ptr<RemoteCatalog> out(
      new RemoteCatalog(store, files, client, std::move(places), clock));
  for (const auto& [key, value] : store.Scan(kRemoteKeys)) {
    ASSIGN_OR_RETURN(RemoteRecord record, RemoteRecordFromText(value));
    out->tables_[record.table].record = std::move(record);
  }
  return out;
}

// ---- What is known without asking --------------------------------------------------------------------------

std::optional<RemoteCatalog::Ours> RemoteCatalog::Find(TableId table) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end() || !IsThere(found->second.record)) return std::nullopt;
  return found->second;
}

std::optional<RemoteCatalog::Ours> RemoteCatalog::Find(const Ident& ident) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(tables_, [&](const auto& entry) {
    return IsThere(entry.second.record) && entry.second.record.ident == ident;
  });
  if (found == tables_.end()) return std::nullopt;
  return found->second;
}

Status RemoteCatalog::Save(RemoteRecord record, std::string etag, const Transaction* extra) {
  const std::lock_guard saving(saving_);
  return SaveHeld(std::move(record), std::move(etag), extra);
}

Status RemoteCatalog::SaveHeld(RemoteRecord record, std::string etag, const Transaction* extra) {
  Transaction transaction = extra == nullptr ? Transaction() : *extra;
  if (IsThere(record)) NeedTable(record.table, transaction);
  transaction.Put(RemoteKey(record.table), ToText(record));
  const Status saved = store_.Commit(transaction);
  if (saved.code() == ErrorCode::kCommitConflict)
    return Fail(ErrorCode::kTableNotExist, "Table was dropped: {}", record.ident.ToString());
  RETURN_IF_ERROR(saved);
  const std::lock_guard lock(mutex_);
  Ours& ours = tables_[record.table];
  ours.record = std::move(record);
  ours.etag = std::move(etag);
  return {};
}

Status RemoteCatalog::Forget(TableId table) {
  const std::lock_guard saving(saving_);
  Transaction transaction;
  transaction.Delete(RemoteKey(table));
  RETURN_IF_ERROR(store_.Commit(transaction));
  const std::lock_guard lock(mutex_);
  tables_.erase(table);
  return {};
}

std::optional<Ident> RemoteCatalog::FindTieredIdent(TableId table) const {
  const auto ours = Find(table);
  if (!ours) return std::nullopt;
  return ours->record.ident;
}

Result<std::string> RemoteCatalog::MetadataLocation(const Ident& ident) const {
  const auto ours = Find(ident);
  if (ours && ours->record.stage == RemoteStage::kLive) return ours->record.metadata_location;
  return Fail(ErrorCode::kTableNotExist, "Table does not exist: {}", ident.ToString());
}

std::vector<Ident> RemoteCatalog::AllTables() const {
  std::vector<Ident> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, ours] : tables_) {
      if (ours.record.stage == RemoteStage::kLive) out.push_back(ours.record.ident);
    }
  }
  std::ranges::sort(out);
  return out;
}

bool RemoteCatalog::OwnsPlaceOf(const LoadedTable& table) const {
  const auto ours = table.tiered_by ? Find(*table.tiered_by) : std::nullopt;
  return ours && ours->record.alone && ours->record.location == table.metadata->location;
}

Result<std::optional<LoadedTable>> RemoteCatalog::LastSeen(TableId table) {
  const auto ours = Find(table);
  if (!ours || ours->record.metadata_location.empty()) return std::optional<LoadedTable>();
  const RemoteRecord& record = ours->record;
  auto metadata = cache_.Read(files_, record.metadata_location);
  // The catalog may have deleted the file after later commits.
  if (!metadata.ok()) return FindTiered(table);
  return std::optional(LoadedTable{.ident = record.ident,
                                   .metadata = *std::move(metadata),
                                   .metadata_location = record.metadata_location,
                                   .tiered_by = table});
}

// ---- Names -------------------------------------------------------------------------------------------------

Status RemoteCatalog::EnsureNamespace(const Namespace& levels) {
  ASSIGN_OR_RETURN(const bool there, HasNamespace(levels));
  if (there) return {};
  if (levels.size() > 1) RETURN_IF_ERROR(EnsureNamespace({levels.begin(), levels.end() - 1}));
  json::array names;
  for (const std::string& level : levels) names.emplace_back(level);
  const auto made = client_.Call(
      {.method = "POST",
       .path = "namespaces",
       .body = json::object{{"namespace", std::move(names)}, {"properties", json::object()}}});
  // Made by somebody else, or by a try of ours whose answer was lost.
  if (made.code() == ErrorCode::kCommitConflict) return {};
  RETURN_IF_ERROR(made);
  const std::lock_guard lock(names_mutex_);
  outermost_.names.insert(levels.front());
  return {};
}

Result<bool> RemoteCatalog::HasNamespace(const Namespace& levels) const {
  const auto found = client_.Call({.path = NamespacePath(levels), .attempts_max = kNameAttempts});
  if (found.ok()) return true;
  if (found.code() == ErrorCode::kDatabaseNotExist || found.code() == ErrorCode::kTableNotExist)
    return false;
  return Forward(found);
}

Result<bool> RemoteCatalog::MayHaveNamespace(const std::string& name) const {
  const std::lock_guard lock(names_mutex_);
  Outermost& known = outermost_;
  if (const int64_t now = clock_.NowMs(); now - known.asked_ms >= kNamesMs) {
    known.asked_ms = now;
    const auto found = ListNamespaces({});
    if (found.ok()) {
      known.names.clear();
      for (const Namespace& levels : *found) known.names.insert(levels.front());
      known.error.reset();
    } else if (known.names.empty()) {
      known.error = found.error();
    }
  }
  if (known.error) return Failure(*known.error);
  return known.names.contains(name);
}

Result<bool> RemoteCatalog::HasTable(const Ident& ident) const {
  const auto found = client_.Call({.path = TablePath(ident), .attempts_max = kNameAttempts});
  if (found.ok()) return true;
  if (found.code() == ErrorCode::kDatabaseNotExist || found.code() == ErrorCode::kTableNotExist)
    return false;
  return Forward(found);
}

Result<std::vector<json::value>> RemoteCatalog::Pages(const std::string& path,
                                                      std::string_view member) const {
  std::vector<json::value> out;
  std::string token;
  for (int page = 0; page < kPagesMax; ++page) {
    std::string full = path;
    full += path.find('?') == std::string::npos ? "?pageToken=" : "&pageToken=";
    ASSIGN_OR_RETURN(const RestAnswer answer, client_.Call({.path = full + EncodeUrlPart(token),
                                                            .attempts_max = kNameAttempts}));
    std::optional<std::string> next;
    JsonFields in(answer.body, "a list of the external catalog");
    in.NeedEach(member, [&](const json::value& one) -> Status {
      out.push_back(one);
      return {};
    });
    in.Get("next-page-token", next);
    RETURN_IF_ERROR(in.status());
    if (!next || next->empty()) return out;
    if (static_cast<int64_t>(out.size()) > kNamesMax || *next == token) break;
    token = *std::move(next);
  }
  return Fail(ErrorCode::kUnknownServerError, "the external catalog's list has no end: {}", path);
}

Result<std::vector<Namespace>> RemoteCatalog::ListNamespaces(const Namespace& parent) const {
  std::string path = "namespaces";
  if (!parent.empty()) path += "?parent=" + NamespacePath(parent).substr(path.size() + 1);
  ASSIGN_OR_RETURN(const auto found, Pages(path, "namespaces"));
  std::vector<Namespace> out;
  for (const json::value& one : found) {
    ASSIGN_OR_RETURN(out.emplace_back(), LevelsOf(one));
  }
  std::ranges::sort(out);
  return out;
}

Result<std::vector<Ident>> RemoteCatalog::ListTables(const Namespace& levels) const {
  ASSIGN_OR_RETURN(const auto found, Pages(NamespacePath(levels) + "/tables", "identifiers"));
  std::vector<Ident> out;
  for (const json::value& one : found) {
    Ident ident{.levels = levels, .name = {}};
    JsonFields in(one, "a table's name of the external catalog");
    in.Need("name", ident.name);
    RETURN_IF_ERROR(in.status());
    out.push_back(std::move(ident));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace weir::iceberg
