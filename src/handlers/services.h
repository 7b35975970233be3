// What handlers work with. Wired once by server/ and never changed while requests run; thread-safe
// unless noted. A handler reaches it through context.services().
#pragma once

#include <map>
#include <string>

#include "async/blocking_pool.h"
#include "async/shard.h"
#include "base/clock.h"
#include "base/metrics.h"

namespace weir {

class Catalog;          // meta/catalog.h
class Tablets;          // tablet/tablets.h
class ExternalTiering;  // tiering/external_tiering.h
class TieringSchedule;  // tiering/tiering_schedule.h

struct Services {
  Shards& shards;
  BlockingPool& pool;
  const Clock& clock;
  MetricRegistry& metrics;
  Catalog* catalog = nullptr;
  Tablets* tablets = nullptr;
  TieringSchedule* tiering_schedule = nullptr;
  ExternalTiering* external_tiering = nullptr;  // null unless a job outside tiers
  int32_t coordinator_epoch = 0;                // another one after each start
  int32_t server_id = 0;        // the node id metadata shows for this process, in both roles
  std::string advertised_host;  // empty: the address the client connected to
  int advertised_port = 0;      // 0: the port the client connected to
  int http_port = 0;            // of the Iceberg catalog; 0: none
  /// Where the lake's catalog is when it is not ours, without any secret; the same keys.
  std::map<std::string, std::string> lake_catalog_settings;
  /// How readers reach the lake's files, without any secret: keys of Iceberg's clients.
  std::map<std::string, std::string> lake_file_settings;
};

}  // namespace weir
