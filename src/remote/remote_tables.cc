#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "lake/file_io.h"
#include "lake/json_fields.h"
#include "lake/location_rules.h"
#include "meta/store.h"
#include "remote/remote_catalog.h"
#include "remote/rest_paths.h"

namespace weir::iceberg {
namespace {

bool IsMissing(ErrorCode code) {
  return code == ErrorCode::kTableNotExist || code == ErrorCode::kDatabaseNotExist;
}

/// Of its JSON, more or less.
int64_t AboutBytes(const TableMetadata& metadata) {
  return 4 * KiB +
         static_cast<int64_t>(metadata.snapshots.size() * KiB + metadata.metadata_log.size() * 256);
}

json::value CreateRequest(const Ident& ident, const TableMetadata& shape, const StringMap& wanted,
                          const std::string& owner) {
  json::object properties = MapToJson(shape.properties);
  if (const auto version = wanted.find("format-version"); version != wanted.end())
    properties["format-version"] = version->second;
  properties[kOwnerProperty] = owner;
  return json::object{{"name", ident.name},
                      {"schema", ToJson(shape.current_schema())},
                      {"partition-spec", ToJson(shape.default_spec())},
                      {"write-order", ToJson(shape.default_sort_order())},
                      {"stage-create", false},
                      {"properties", std::move(properties)}};
}

}  // namespace

Status RemoteCatalog::CheckPlace(const std::string& location) const {
  ASSIGN_OR_RETURN(const std::string scheme, SchemeOf(location));
  const bool allowed =
      places_.allowed.empty() ? scheme != "file" : IsBelowAny(location, places_.allowed);
  // A location that is no place at all is below nothing, itself included.
  if (allowed && IsBelow(location, location) && !IsBelow(location, places_.data_directory) &&
      !IsBelow(places_.data_directory, location))
    return {};
  return Fail(ErrorCode::kInvalidTable,
              "the external catalog names a place where its tables may not lie (see "
              "datalake.iceberg.other-locations): location={:.300}",
              location);
}

Result<LoadedTable> RemoteCatalog::TableOf(const Ident& ident, const RestAnswer& answer) const {
  LoadedTable out{.ident = ident};
  TableMetadata metadata;
  JsonFields in(answer.body, "a table of the external catalog");
  in.Need("metadata-location", out.metadata_location);
  in.NeedBy("metadata", metadata, TableMetadataFromJson);
  RETURN_IF_ERROR(in.status());
  RETURN_IF_ERROR(CheckPlace(metadata.location));
  std::vector<std::string> roots = {metadata.location};
  roots.insert(roots.end(), places_.allowed.begin(), places_.allowed.end());
  RETURN_IF_ERROR(CheckLocations(metadata, roots));
  if (!IsBelowAny(out.metadata_location, roots))
    return Fail(ErrorCode::kInvalidTable, "the metadata file lies outside of its table: {:.300}",
                out.metadata_location);
  out.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  return out;
}

Result<LoadedTable> RemoteCatalog::Ask(const Ident& ident, const std::string& etag,
                                       std::string* new_etag) {
  ASSIGN_OR_RETURN(const RestAnswer answer, client_.Call({.path = TablePath(ident), .etag = etag}));
  *new_etag = answer.etag;
  constexpr int kNotModified = 304;
  if (answer.status == kNotModified) return LoadedTable{.ident = ident};
  return TableOf(ident, answer);
}

/// The caller holds `ours.one`.
Result<LoadedTable> RemoteCatalog::Keep(const Ours& ours, LoadedTable table, std::string etag,
                                        const Transaction* extra) {
  RemoteRecord record = ours.record;
  if (table.metadata->table_uuid != record.uuid)
    return Fail(ErrorCode::kLakeTableAlreadyExist,
                "somebody put another table in the place of the lake table: table={} uuid={} "
                "instead of {}",
                table.ident.ToString(), table.metadata->table_uuid, record.uuid);
  table.tiered_by = record.table;
  cache_.Put(table.metadata_location, table.metadata, AboutBytes(*table.metadata));
  if (extra == nullptr && record.metadata_location == table.metadata_location &&
      record.stage == RemoteStage::kLive && ours.etag == etag)
    return table;
  record.stage = RemoteStage::kLive;
  record.metadata_location = table.metadata_location;
  record.location = table.metadata->location;
  RETURN_IF_ERROR(Save(std::move(record), std::move(etag), extra));
  return table;
}

/// The caller holds `ours.one`, and found `ours` after that.
Result<LoadedTable> RemoteCatalog::LoadOurs(const Ours& ours) {
  const RemoteRecord& record = ours.record;
  auto seen = ours.etag.empty() ? nullptr : cache_.Find(record.metadata_location);
  std::string etag;
  ASSIGN_OR_RETURN(LoadedTable table, Ask(record.ident, seen == nullptr ? "" : ours.etag, &etag));
  if (table) return Keep(ours, std::move(table), std::move(etag), nullptr);
  if (seen == nullptr)
    return Fail(ErrorCode::kUnknownServerError, "the external catalog answers 304 unasked");
  return LoadedTable{.ident = record.ident,
                     .metadata = std::move(seen),
                     .metadata_location = record.metadata_location,
                     .tiered_by = record.table};
}

Result<LoadedTable> RemoteCatalog::LoadTable(const Ident& ident) {
  if (const auto known = Find(ident); known && known->record.stage == RemoteStage::kLive) {
    const std::lock_guard lock(*known->one);
    const auto ours = Find(known->record.table);
    if (ours && ours->record.stage == RemoteStage::kLive) return LoadOurs(*ours);
  }
  std::string etag;
  return Ask(ident, "", &etag);
}

Result<std::optional<LoadedTable>> RemoteCatalog::FindTiered(TableId table) {
  const auto known = Find(table);
  if (!known || known->record.stage != RemoteStage::kLive) return std::optional<LoadedTable>();
  const std::lock_guard lock(*known->one);
  const auto ours = Find(table);
  if (!ours || ours->record.stage != RemoteStage::kLive) return std::optional<LoadedTable>();
  auto found = LoadOurs(*ours);
  if (found.ok()) return std::optional(*std::move(found));
  if (IsMissing(found.code())) return std::optional<LoadedTable>();
  return Forward(found);
}

// ---- Its making and its end --------------------------------------------------------------------------------

/// The table that is there under a name of ours, when it is the one that we asked for.
Result<LoadedTable> RemoteCatalog::Adopt(RemoteRecord record) {
  std::string etag;
  ASSIGN_OR_RETURN(LoadedTable table, Ask(record.ident, "", &etag));
  if (table.metadata->Property(kOwnerProperty) != record.owner)
    return Fail(ErrorCode::kTableAlreadyExist, "Table already exists: {}", record.ident.ToString());
  if (record.uuid != table.metadata->table_uuid) {
    record.uuid = table.metadata->table_uuid;
    record.location = table.metadata->location;
    // Before the first commit there is one file, its metadata, unless others live there as well.
    ASSIGN_OR_RETURN(const auto files, files_.List(record.location));
    record.alone = files.size() == 1 && table.metadata->snapshots.empty();
  }
  return Keep({.record = std::move(record)}, std::move(table), std::move(etag), nullptr);
}

Result<LoadedTable> RemoteCatalog::CreateTiered(const Ident& ident, NewTable table,
                                                TableId tiered_by) {
  std::vector<RemoteRecord> in_the_way;
  RemoteRecord record{.table = tiered_by, .ident = ident, .owner = NewUuid()};
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, ours] : tables_) {
      if (ours.record.stage == RemoteStage::kDropping && ours.record.ident == ident)
        in_the_way.push_back(ours.record);
      // Asked for before, and the answer was lost; or it was there, and may be there again.
      if (id == tiered_by && ours.record.stage != RemoteStage::kDropping) record = ours.record;
    }
  }
  for (const RemoteRecord& dropped : in_the_way) RETURN_IF_ERROR(FinishDrop(dropped));
  record.stage = RemoteStage::kCreating;
  record.ident = ident;
  // Fields get their numbers before they are sent: most catalogs keep them.
  table.location = "/";
  ASSIGN_OR_RETURN(const TableMetadata shape, MakeTableMetadata(table, 0));
  RETURN_IF_ERROR(Save(record, "", nullptr));
  // Who drops it meanwhile has it taken out of the catalog after this.
  const auto known = Find(tiered_by);
  if (!known) return Fail(ErrorCode::kTableNotExist, "Table was dropped: {}", ident.ToString());
  const std::lock_guard lock(*known->one);
  if (!Find(tiered_by))
    return Fail(ErrorCode::kTableNotExist, "Table was dropped: {}", ident.ToString());
  const auto made =
      client_.Call({.method = "POST",
                    .path = NamespacePath(ident.levels) + "/tables",
                    .body = CreateRequest(ident, shape, table.properties, record.owner)});
  if (!made.ok() && made.code() != ErrorCode::kCommitConflict) return Forward(made);
  return Adopt(std::move(record));
}

Status RemoteCatalog::DropTiered(TableId table) {
  // Whoever saves its record right now is done before.
  const std::lock_guard saving(saving_);
  auto ours = Find(table);
  if (!ours) return {};
  ours->record.stage = RemoteStage::kDropping;
  return SaveHeld(std::move(ours->record), "", nullptr);
}

Status RemoteCatalog::FinishDrop(const RemoteRecord& record) {
  std::shared_ptr<std::mutex> one;
  {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(record.table);
    if (found == tables_.end()) return {};
    one = found->second.one;
  }
  // A request that makes it, or commits to it, may be on its way.
  const std::lock_guard lock(*one);
  std::string etag;
  const auto there = Ask(record.ident, "", &etag);
  if (!there.ok() && !IsMissing(there.code())) return Forward(there);
  const bool is_it = there.ok() && there->metadata->Property(kOwnerProperty) == record.owner &&
                     (record.uuid.empty() || there->metadata->table_uuid == record.uuid);
  if (is_it) {
    const std::string path = TablePath(record.ident);
    auto dropped = client_.Call({.method = "DELETE", .path = path + "?purgeRequested=true"});
    if (dropped.code() == ErrorCode::kAuthorization || dropped.code() == ErrorCode::kInvalidTable) {
      LogWarn("tiering",
              "the external catalog keeps the files of a dropped table: table={} error={}",
              record.ident.ToString(), dropped.error().message);
      dropped = client_.Call({.method = "DELETE", .path = path});
    }
    if (!dropped.ok() && !IsMissing(dropped.code())) return Forward(dropped);
    LogInfo("tiering", "dropped from the external catalog: table={}", record.ident.ToString());
  }
  return Forget(record.table);
}

Status RemoteCatalog::PurgeDropped(int64_t /*before_ms*/, const std::function<Status()>& alive) {
  std::vector<RemoteRecord> dropped;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, ours] : tables_) {
      if (ours.record.stage == RemoteStage::kDropping) dropped.push_back(ours.record);
    }
  }
  Status first;  // one table that cannot go does not hold up the others
  for (const RemoteRecord& record : dropped) {
    RETURN_IF_ERROR(alive());
    Status finished = FinishDrop(record);
    if (first.ok() && !finished.ok()) first = std::move(finished);
  }
  return first;
}

}  // namespace weir::iceberg
