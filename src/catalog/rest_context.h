// What the operations of the REST catalog work with. One for the whole server, made by RestCatalog.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "catalog/rest_options.h"
#include "catalog/rest_request.h"

namespace weir::iceberg {

class IdempotencyKeys;
class LakeCatalog;
class LiveTables;
class PlanStore;
class TokenIssuer;

struct RestMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter requests{*this, "catalog_requests_total", "Requests of the Iceberg REST catalog."};
  Counter failures{*this, "catalog_failures_total",
                   "Requests of the Iceberg REST catalog answered with a status of 500 or above."};
  Counter conflicts{*this, "catalog_commit_conflicts_total",
                    "Commits refused because the table had changed."};
  Counter not_modified{*this, "catalog_not_modified_total",
                       "Table loads answered with 304: the client had the newest metadata."};
  Counter plans{*this, "catalog_scan_plans_total", "Scans planned for clients."};
  Counter planned_files{*this, "catalog_planned_files_total", "Data files named in scan plans."};
  Counter scan_reports{*this, "catalog_scan_reports_total", "Scan reports that clients sent."};
  Counter commit_reports{*this, "catalog_commit_reports_total",
                         "Commit reports that clients sent."};
  Histogram request_seconds{*this, "catalog_request_seconds",
                            "Time one request of the Iceberg REST catalog took."};
};

struct RestContext {
  LakeCatalog& lake;
  LiveTables& live;
  PlanStore& plans;
  const TokenIssuer& tokens;
  IdempotencyKeys& keys;
  const RestOptions& options;
  RestMetrics& metrics;
  /// Whether a user may come in; empty: everybody may, nobody is asked.
  std::function<bool(std::string_view user, std::string_view password)> authenticate;
  /// What a client needs to reach the files, without secrets: endpoint, region, path style.
  StringPairs file_settings;
  /// The keys with which it may; vended only for places that the catalog gave out.
  StringPairs file_secrets;
};

}  // namespace weir::iceberg
