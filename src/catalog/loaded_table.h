// A table as an answer: metadata, where it is, what a client needs to read its files, and an entity tag.
#pragma once

#include <boost/json/array.hpp>

#include "catalog/rest_context.h"
#include "lake/lake_catalog.h"

namespace weir::iceberg {

/// Which snapshots a client wants to see: all, or only those with a branch or a tag.
enum class SnapshotMode : uint8_t { kAll, kRefs };

/// Of the query parameter "snapshots". Errors  kBadRequest
RestResult<SnapshotMode> SnapshotModeOf(const RestRequest& request);

/// A tag for one state of a table in one representation; empty for a staged one.
std::string EntityTag(const std::string& metadata_location, SnapshotMode mode);
/// Whether If-None-Match names `tag`.
bool NamesTag(const std::string& if_none_match, const std::string& tag);

RestResponse TableAnswer(const RestContext& context, const LoadedTable& table, SnapshotMode mode,
                         const RestRequest& request);

/// Whether the client says that it can use credentials that come with a table.
bool WantsCredentials(const RestRequest& request);
/// The member "storage-credentials": only for a place that the catalog gave out, when there is something to give.
boost::json::array StorageCredentials(const RestContext& context, const LoadedTable& table);

}  // namespace weir::iceberg
