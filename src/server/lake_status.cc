#include "server/lake_status.h"

#include <boost/json.hpp>

namespace weir {

namespace json = boost::json;

std::string LakeStatusJson(std::span<const TieringStatus> tables,
                           const std::optional<iceberg::RemoteState>& external) {
  json::object out = ToJson(tables);
  if (external) {
    json::object catalog{{"type", "rest"}, {"uri", external->uri}, {"up", external->reachable}};
    if (!external->reachable) {
      catalog["error"] = external->error;
      catalog["failing_since_ms"] = external->failing_since_ms;
    }
    out["catalog"] = std::move(catalog);
  }
  return json::serialize(out) + "\n";
}

}  // namespace weir
