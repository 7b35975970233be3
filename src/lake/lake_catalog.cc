#include "lake/lake_catalog.h"

#include <algorithm>
#include <charconv>

#include "lake/lake_catalog_state.h"
#include "lake/location_rules.h"
#include "lake/purge_tables.h"

namespace weir::iceberg {

// Messages about missing and existing things are in the words of Iceberg's reference implementation: its
// compatibility kit, and people, look for them.

std::string ToString(const Namespace& levels) {
  std::string out;
  for (const std::string& level : levels) out += (out.empty() ? "" : ".") + level;
  return out;
}

std::string Ident::ToString() const { return iceberg::ToString(levels) + "." + name; }

Status LakeCatalog::State::Load() {
  for (const auto& [key, value] : store.Scan(kNamespaceKeys)) {
    ASSIGN_OR_RETURN(namespaces[NamespaceOfKey(key)], PropertiesFromText(value));
  }
  for (const auto& [key, value] : store.Scan(kTableKeys)) {
    const Ident ident = IdentOfKey(kTableKeys, key);
    ASSIGN_OR_RETURN(const LakeRecord record, LakeRecordFromText(value));
    if (record.tiered_by) tiered[*record.tiered_by] = ident;
    tables[ident] = record;
  }
  for (const auto& [key, value] : store.Scan(kViewKeys)) {
    ASSIGN_OR_RETURN(views[IdentOfKey(kViewKeys, key)], LakeRecordFromText(value));
  }
  return {};
}

Status LakeCatalog::State::NeedNamespace(const Namespace& levels) const {
  if (HasNamespace(levels)) return {};
  return Fail(ErrorCode::kDatabaseNotExist, "Namespace does not exist: {}",
              iceberg::ToString(levels));
}

Status LakeCatalog::State::NeedFree(const Ident& ident) const {
  if (tables.contains(ident))
    return Fail(ErrorCode::kTableAlreadyExist, "Table already exists: {}", ident.ToString());
  if (views.contains(ident))
    return Fail(ErrorCode::kTableAlreadyExist, "View with same name already exists: {}",
                ident.ToString());
  return {};
}

Status LakeCatalog::State::NeedOwnPlace(const Ident& table, const std::string& root) const {
  const bool ours = IsBelow(root, options.warehouse) || IsBelowAny(root, options.other_places);
  if (!ours || IsBelow(options.warehouse, root)) {
    return Fail(ErrorCode::kInvalidTable,
                "tables lie where the catalog puts them: location={:.300} warehouse={}", root,
                options.warehouse);
  }
  for (const auto* all : {&tables, &views}) {
    for (const auto& [ident, record] : *all) {
      if (all == &tables && ident == table) continue;
      if (IsBelow(root, record.root) || IsBelow(record.root, root))
        return Fail(ErrorCode::kInvalidTable, "the place is {}'s: location={:.300}",
                    ident.ToString(), root);
    }
  }
  return {};
}

std::vector<std::string> LakeCatalog::State::RootsOf(const std::string& root) const {
  std::vector<std::string> out = {root};
  out.insert(out.end(), options.other_places.begin(), options.other_places.end());
  return out;
}

Result<LakeRecord> LakeCatalog::State::FindTable(const Ident& ident) const {
  const std::shared_lock lock(names);
  const auto found = tables.find(ident);
  if (found != tables.end()) return found->second;
  return Fail(ErrorCode::kTableNotExist, "Table does not exist: {}", ident.ToString());
}

Result<LakeRecord> LakeCatalog::State::FindView(const Ident& ident) const {
  const std::shared_lock lock(names);
  const auto found = views.find(ident);
  if (found != views.end()) return found->second;
  return Fail(ErrorCode::kTableNotExist, "View does not exist: {}", ident.ToString());
}

Result<std::shared_ptr<const TableMetadata>> LakeCatalog::State::Read(const std::string& location) {
  auto read = cache.Read(files, location);
  // The catalog led to it: that it makes no sense is no fault of who asked.
  if (read.code() == ErrorCode::kInvalidTable)
    return Fail(ErrorCode::kCorruptRecord, "{}", read.error().message);
  return read;
}

namespace {

/// "…/metadata/00007-<uuid>.metadata.json" after a file that begins with 00006.
std::string NextMetadataFile(const std::string& folder, const std::string& before) {
  int64_t version = -1;
  const size_t slash = before.rfind('/');
  if (slash != std::string::npos)
    std::from_chars(before.data() + slash + 1, before.data() + before.size(), version);
  return Join(folder, fmt::format("{:05}-{}.metadata.json", version + 1, NewUuid()));
}

}  // namespace

Result<std::string> LakeCatalog::State::WriteMetadata(const TableMetadata& metadata,
                                                      const std::string& before) {
  const std::string_view chosen = metadata.Property("write.metadata.path");
  const std::string folder =
      chosen.empty() ? Join(metadata.location, "metadata") : std::string(chosen);
  std::string location = NextMetadataFile(folder, before);
  const std::string text = ToJsonText(metadata);
  RETURN_IF_ERROR(files.WriteNew(location, text));
  cache.Put(location, std::make_shared<const TableMetadata>(metadata), text.size());
  return location;
}

Status LakeCatalog::State::NoteMaking(const TableMetadata& table) {
  if (IsBelowAny(table.location, options.other_places)) return {};
  {
    const std::lock_guard lock(making_mutex);
    making.insert(table.table_uuid);
  }
  Transaction note;
  note.Put(std::string(kPurgeKeys) + table.table_uuid,
           ToText(PurgeRequest{.id = table.table_uuid,
                               .root = table.location,
                               .metadata_location = {},
                               .dropped_ms = clock.NowMs()}));
  const Status noted = store.Commit(note);
  if (!noted.ok()) EndMaking(table.table_uuid);
  return noted;
}

void LakeCatalog::State::EndMaking(const std::string& uuid) {
  const std::lock_guard lock(making_mutex);
  making.erase(uuid);
}

std::shared_ptr<std::mutex> LakeCatalog::State::CommitLock(const std::string& uuid) {
  const std::lock_guard lock(locks_mutex);
  auto& known = commit_locks[uuid];
  auto out = known.lock();
  if (out == nullptr) known = out = std::make_shared<std::mutex>();
  return out;
}

Status LakeCatalog::State::CommitPointers(const Transaction& transaction) {
  const Status done = store.Commit(transaction);
  // Too large, and a table that is gone, are the answers that come before anything is written. A full disk may be told
  // only when all is written and is being synced.
  if (done.ok() || done.code() == ErrorCode::kInvalidTable ||
      done.code() == ErrorCode::kCommitConflict)
    return done;
  return Fail(ErrorCode::kCommitStateUnknown, "it is unknown whether the commit happened: {}",
              done.error().message);
}

LakeCatalog::LakeCatalog(std::unique_ptr<State> state) : state_(std::move(state)) {}
LakeCatalog::~LakeCatalog() = default;

Result<std::unique_ptr<LakeCatalog>> LakeCatalog::Open(Store& store, FileIo& files,
                                                       LakeCatalogOptions options,
                                                       const Clock& clock) {
  auto state = std::make_unique<State>(store, files, std::move(options), clock);
  RETURN_IF_ERROR(state->Load());
  return std::unique_ptr<LakeCatalog>(new LakeCatalog(std::move(state)));
}

const LakeCatalogOptions& LakeCatalog::options() const { return state_->options; }
FileIo& LakeCatalog::files() { return state_->files; }

bool LakeCatalog::OwnsPlaceOf(const LoadedTable& table) const {
  const auto record = state_->FindTable(table.ident);
  return record.ok() && IsBelow(table.metadata->location, record->root) &&
         IsBelow(record->root, state_->options.warehouse);
}

std::vector<Ident> LakeCatalog::AllTables() const {
  const std::shared_lock lock(state_->names);
  std::vector<Ident> out;
  for (const auto& [ident, record] : state_->tables) out.push_back(ident);
  return out;
}

std::vector<PurgeRequest> LakeCatalog::PurgeRequests() const {
  std::vector<PurgeRequest> out;
  for (const auto& [key, value] : state_->store.Scan(kPurgeKeys)) {
    auto request = PurgeFromText(std::string_view(key).substr(kPurgeKeys.size()), value);
    if (!request.ok()) continue;
    const std::lock_guard lock(state_->making_mutex);
    if (!state_->making.contains(request->id)) out.push_back(*std::move(request));
  }
  return out;
}

Status LakeCatalog::ForgetPurge(const std::string& id) {
  Transaction transaction;
  transaction.Delete(std::string(kPurgeKeys) + id);
  return state_->store.Commit(transaction);
}

Status LakeCatalog::PurgeDropped(int64_t before_ms, const std::function<Status()>& alive) {
  RETURN_IF_ERROR(PurgeDroppedTables(*this, before_ms, alive));
  return {};
}

}  // namespace weir::iceberg
