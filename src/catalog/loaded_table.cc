#include "catalog/loaded_table.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "lake/location_rules.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

TableMetadata OnlyReferenced(const TableMetadata& metadata) {
  TableMetadata out = metadata;
  std::erase_if(out.snapshots, [&](const Snapshot& snapshot) {
    return snapshot.snapshot_id != metadata.current_snapshot_id &&
           std::ranges::none_of(metadata.refs, [&](const auto& entry) {
             return entry.second.snapshot_id == snapshot.snapshot_id;
           });
  });
  return out;
}

json::object ToObject(const StringPairs& pairs) {
  json::object out;
  for (const auto& [key, value] : pairs) out[key] = value;
  return out;
}

}  // namespace

bool WantsCredentials(const RestRequest& request) {
  return request.headers.access_delegation.find("vended-credentials") != std::string::npos;
}

RestResult<SnapshotMode> SnapshotModeOf(const RestRequest& request) {
  const std::string text = request.Parameter("snapshots").value_or("all");
  if (text == "all" || text == "ALL") return SnapshotMode::kAll;
  if (text == "refs" || text == "REFS") return SnapshotMode::kRefs;
  return Refuse(RestErrorKind::kBadRequest, "snapshots is all or refs: value={:.40}", text);
}

std::string EntityTag(const std::string& metadata_location, SnapshotMode mode) {
  if (metadata_location.empty()) return "";
  // The file's name has a UUID and is never given to other content.
  const size_t slash = metadata_location.rfind('/');
  return fmt::format("\"{}{}\"",
                     metadata_location.substr(slash == std::string::npos ? 0 : slash + 1),
                     mode == SnapshotMode::kRefs ? "-refs" : "");
}

bool NamesTag(const std::string& if_none_match, const std::string& tag) {
  return !tag.empty() && (if_none_match == "*" || if_none_match.find(tag) != std::string::npos);
}

json::array StorageCredentials(const RestContext& context, const LoadedTable& table) {
  if (!context.options.vend_credentials || context.file_secrets.empty() ||
      !IsBelow(table.metadata->location, context.lake.options().warehouse))
    return {};
  return {json::object{{"prefix", table.metadata->location},
                       {"config", ToObject(context.file_secrets)}}};
}

RestResponse TableAnswer(const RestContext& context, const LoadedTable& table, SnapshotMode mode,
                         const RestRequest& request) {
  // Metadata is the bulk of it; it is written as text once and never becomes part of a tree.
  std::string body = "{";
  if (!table.metadata_location.empty()) {
    body += fmt::format("\"metadata-location\":{},",
                        json::serialize(json::value(table.metadata_location)));
  }
  body += "\"metadata\":";
  body += mode == SnapshotMode::kAll ? ToJsonText(*table.metadata)
                                     : ToJsonText(OnlyReferenced(*table.metadata));
  body += fmt::format(",\"config\":{}", json::serialize(ToObject(context.file_settings)));
  if (WantsCredentials(request)) {
    const json::array credentials = StorageCredentials(context, table);
    if (!credentials.empty())
      body += fmt::format(",\"storage-credentials\":{}", json::serialize(credentials));
  }
  body += "}";
  return {.status = 200, .body = std::move(body), .etag = EntityTag(table.metadata_location, mode)};
}

}  // namespace weir::iceberg
