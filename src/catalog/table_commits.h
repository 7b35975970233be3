// Commits that clients send: reading them, and what they may do to a table that Weir tiers.
#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <vector>

#include "catalog/rest_context.h"
#include "lake/lake_catalog.h"

namespace weir::iceberg {

/// "requirements" and "updates" of a CommitTableRequest for `ident`.
/// Errors  kBadRequest  also for requirements and updates of a kind unknown here
RestResult<TableCommit> TableCommitOf(const boost::json::object& body, Ident ident);

/// Commit all or none. Rows may be added to a tiered table from outside; its columns, partitioning and place are
/// those of its Weir table and are refused here.
/// Errors  kCommitFailed  a requirement does not hold;  kCommitStateUnknown;  kForbidden;  kNoSuchTable;  kBadRequest
RestResult<std::vector<LoadedTable>> CommitTables(RestContext& context, const RestRequest& request,
                                                  std::span<const TableCommit> commits);

}  // namespace weir::iceberg
