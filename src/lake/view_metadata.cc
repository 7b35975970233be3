#include "lake/view_metadata.h"

#include <algorithm>

#include "lake/gunzip.h"
#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

json::object ToJson(const ViewRepresentation& representation) {
  json::object out{{"type", representation.type}};
  if (!representation.sql.empty()) out["sql"] = representation.sql;
  if (!representation.dialect.empty()) out["dialect"] = representation.dialect;
  return out;
}

/// Representations of types we do not know are kept, as far as they look like these.
Result<ViewRepresentation> RepresentationFromJson(const json::value& value) {
  ViewRepresentation out;
  JsonFields in(value, "a view representation");
  in.Need("type", out.type);
  if (out.type == "sql") {
    in.Need("sql", out.sql);
    in.Need("dialect", out.dialect);
  } else {
    in.Get("sql", out.sql);
    in.Get("dialect", out.dialect);
  }
  RETURN_IF_ERROR(in.status());
  return out;
}

Result<ViewLogEntry> LogEntryFromJson(const json::value& value) {
  ViewLogEntry out;
  JsonFields in(value, "the version log");
  in.Need("timestamp-ms", out.timestamp_ms);
  in.Need("version-id", out.version_id);
  RETURN_IF_ERROR(in.status());
  return out;
}

json::object ToJson(const ViewLogEntry& entry) {
  return {{"timestamp-ms", entry.timestamp_ms}, {"version-id", entry.version_id}};
}

template <class T>
auto Into(std::vector<T>& list, Result<T> (*read)(const json::value&)) {
  return [&list, read](const json::value& value) -> Status {
    ASSIGN_OR_RETURN(T item, read(value));
    list.push_back(std::move(item));
    return {};
  };
}

Status CheckIds(const ViewMetadata& view) {
  if (view.FindVersion(view.current_version_id) == nullptr) {
    return Fail(ErrorCode::kInvalidTable, "a view does not have its current version: id={}",
                view.current_version_id);
  }
  for (const ViewVersion& version : view.versions) {
    if (view.FindSchema(version.schema_id) == nullptr) {
      return Fail(ErrorCode::kInvalidTable, "a view does not have a version's schema: id={}",
                  version.schema_id);
    }
  }
  return {};
}

}  // namespace

bool ViewVersion::SameMeaning(const ViewVersion& other) const {
  return schema_id == other.schema_id && summary == other.summary &&
         representations == other.representations && default_catalog == other.default_catalog &&
         default_namespace == other.default_namespace;
}

const ViewVersion* ViewMetadata::FindVersion(int32_t version_id) const {
  const auto found = std::ranges::find(versions, version_id, &ViewVersion::version_id);
  return found == versions.end() ? nullptr : &*found;
}

const Schema* ViewMetadata::FindSchema(int32_t schema_id) const {
  const auto found = std::ranges::find(schemas, schema_id, &Schema::schema_id);
  return found == schemas.end() ? nullptr : &*found;
}

json::object ToJson(const ViewVersion& version) {
  json::object out{{"version-id", version.version_id},
                   {"timestamp-ms", version.timestamp_ms},
                   {"schema-id", version.schema_id},
                   {"summary", MapToJson(version.summary)}};
  if (version.default_catalog) out["default-catalog"] = *version.default_catalog;
  json::array levels;
  for (const std::string& level : version.default_namespace) levels.emplace_back(level);
  out["default-namespace"] = std::move(levels);
  json::array representations;
  for (const ViewRepresentation& item : version.representations) {
    representations.emplace_back(ToJson(item));
  }
  out["representations"] = std::move(representations);
  return out;
}

Result<ViewVersion> ViewVersionFromJson(const json::value& value) {
  ViewVersion out;
  JsonFields in(value, "a view version");
  in.Need("version-id", out.version_id);
  in.Need("timestamp-ms", out.timestamp_ms);
  in.Need("schema-id", out.schema_id);
  in.Get("summary", out.summary);
  in.Get("default-catalog", out.default_catalog);
  in.Get("default-namespace", out.default_namespace);
  in.NeedEach("representations", Into(out.representations, &RepresentationFromJson));
  RETURN_IF_ERROR(in.status());
  return out;
}

json::object ToJson(const ViewMetadata& metadata) {
  json::array log;
  for (const ViewLogEntry& entry : metadata.version_log) log.emplace_back(ToJson(entry));
  return {{"view-uuid", metadata.view_uuid},
          {"format-version", metadata.format_version},
          {"location", metadata.location},
          {"current-version-id", metadata.current_version_id},
          {"versions", ArrayToJson(metadata.versions)},
          {"version-log", std::move(log)},
          {"schemas", ArrayToJson(metadata.schemas)},
          {"properties", MapToJson(metadata.properties)}};
}

std::string ToJsonText(const ViewMetadata& metadata) { return json::serialize(ToJson(metadata)); }

Result<ViewMetadata> ViewMetadataFromJson(const json::value& value) {
  ViewMetadata out;
  JsonFields in(value, "view metadata");
  in.Need("format-version", out.format_version);
  RETURN_IF_ERROR(in.status());
  if (out.format_version != 1) {
    return Fail(ErrorCode::kUnsupportedVersion, "view metadata of an unknown version: version={}",
                out.format_version);
  }
  in.Need("view-uuid", out.view_uuid);
  in.Need("location", out.location);
  in.Need("current-version-id", out.current_version_id);
  in.NeedEach("versions", Into(out.versions, &ViewVersionFromJson));
  in.NeedEach("version-log", Into(out.version_log, &LogEntryFromJson));
  in.NeedEach("schemas", Into(out.schemas, &SchemaFromJson));
  in.Get("properties", out.properties);
  RETURN_IF_ERROR(in.status());
  RETURN_IF_ERROR(CheckIds(out));
  return out;
}

Result<ViewMetadata> ViewMetadataFromJsonText(BytesView text) {
  ASSIGN_OR_RETURN(const json::value value, ParseMaybeGzippedJson(text, kMetadataBytesMax));
  return ViewMetadataFromJson(value);
}

}  // namespace weir::iceberg
