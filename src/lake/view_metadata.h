// Views: stored queries with versions, and how the REST catalog changes them. We keep and serve them for
// engines; Weir does not run their SQL.
// Source: Iceberg view specification; REST catalog OpenAPI, ViewUpdate and ViewRequirement.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "lake/table_update.h"

namespace weir::iceberg {

struct ViewRepresentation {
  std::string type = "sql";
  std::string sql;
  std::string dialect;

  friend bool operator==(const ViewRepresentation&, const ViewRepresentation&) = default;
};

struct ViewVersion {
  int32_t version_id = 0;
  int32_t schema_id = 0;
  int64_t timestamp_ms = 0;
  StringMap summary;
  std::vector<ViewRepresentation> representations;
  std::optional<std::string> default_catalog;
  std::vector<std::string> default_namespace;

  /// Equal but for id and time.
  bool SameMeaning(const ViewVersion& other) const;
  friend bool operator==(const ViewVersion&, const ViewVersion&) = default;
};

struct ViewLogEntry {
  int64_t timestamp_ms = 0;
  int32_t version_id = 0;

  friend bool operator==(const ViewLogEntry&, const ViewLogEntry&) = default;
};

struct ViewMetadata {
  int format_version = 1;
  std::string view_uuid;
  std::string location;
  int32_t current_version_id = 0;
  std::vector<ViewVersion> versions;
  std::vector<ViewLogEntry> version_log;
  std::vector<Schema> schemas;
  StringMap properties;

  const ViewVersion* FindVersion(int32_t version_id) const;
  const Schema* FindSchema(int32_t schema_id) const;
  friend bool operator==(const ViewMetadata&, const ViewMetadata&) = default;
};

boost::json::object ToJson(const ViewMetadata& metadata);
std::string ToJsonText(const ViewMetadata& metadata);
/// Errors  kInvalidTable, kUnsupportedVersion
Result<ViewMetadata> ViewMetadataFromJson(const boost::json::value& value);
Result<ViewMetadata> ViewMetadataFromJsonText(BytesView text);

boost::json::object ToJson(const ViewVersion& version);
Result<ViewVersion> ViewVersionFromJson(const boost::json::value& value);

struct AddViewVersion {
  ViewVersion version;  // schema id -1: the schema added last
};
struct SetCurrentViewVersion {
  int32_t version_id = kLastAdded;
};
struct AssertViewUuid {
  std::string uuid;
};

using ViewUpdate =
    std::variant<AssignUuid, UpgradeFormatVersion, AddSchema, SetLocation, SetProperties,
                 RemoveProperties, AddViewVersion, SetCurrentViewVersion>;

/// Errors  kInvalidTable
Result<ViewUpdate> ViewUpdateFromJson(const boost::json::value& value);
Result<AssertViewUuid> ViewRequirementFromJson(const boost::json::value& value);

/// As ApplyUpdates of tables. Old versions beyond `version.history.num-entries` (10) are forgotten.
/// Errors  kInvalidTable
Result<ViewMetadata> ApplyViewUpdates(const ViewMetadata& base, std::span<const ViewUpdate> updates,
                                      int64_t now_ms);

}  // namespace weir::iceberg
