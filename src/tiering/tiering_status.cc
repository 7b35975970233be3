#include "tiering/tiering_status.h"

#include <boost/json.hpp>

namespace weir {

namespace json = boost::json;

json::object ToJson(std::span<const TieringStatus> statuses) {
  json::array tables;
  for (const TieringStatus& one : statuses) {
    json::object item{{"table", one.path.ToString()},
                      {"table_id", one.table.value},
                      {"state", Name(one.state)},
                      {"freshness_ms", one.freshness_ms},
                      {"rounds", one.rounds},
                      {"failures", one.failures},
                      {"last_ms", one.last_ms},
                      {"last_duration_ms", one.last_duration_ms},
                      {"last_rows", one.last_rows},
                      {"rows", one.rows},
                      {"files", one.files},
                      {"bytes", one.bytes},
                      {"behind_rows", one.behind_rows},
                      {"behind_ms", one.behind_ms}};
    if (one.snapshot_id) item["snapshot_id"] = *one.snapshot_id;
    if (!one.error.empty()) item["error"] = one.error;
    if (!one.maintenance_error.empty()) item["maintenance_error"] = one.maintenance_error;
    tables.push_back(std::move(item));
  }
  return {{"tables", std::move(tables)}};
}

}  // namespace weir
