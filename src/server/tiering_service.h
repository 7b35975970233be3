// What fills the lake of a server, and what the catalog and the logs must know of it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "handlers/services.h"
#include "meta/catalog.h"
#include "server/configuration.h"
#include "server/tiered_hot_rows.h"
#include "tiering/bucket_logs.h"
#include "tiering/external_tiering.h"
#include "tiering/lake_maintenance.h"
#include "tiering/tiering_runner.h"

namespace weir {

class LakeService;
class Tablets;

class TieringService {
 public:
  /// Everything by reference must outlive it.
  /// Errors  kInvalidConfig  lake.tiering
  static Result<std::unique_ptr<TieringService>> Open(const Configuration& configuration,
                                                      const std::string& data_directory,
                                                      LakeService& lake, Tablets& tablets,
                                                      Services& services);

  /// Tables are there, shards run.
  void Start() {
    runner_->Start();
    maintenance_->Start();
  }
  void Stop() {
    maintenance_->BeginStop();
    runner_->BeginStop();  // each may wait for the other's step
    maintenance_->Stop();
    runner_->Stop();
  }

  TieringRunner& runner() { return *runner_; }
  /// What the live catalog shows of tables before it is tiered.
  TieredHotRows& hot_rows() { return *hot_rows_; }

 private:
  TieringService() = default;

  std::unique_ptr<BucketLogs> logs_;
  std::unique_ptr<KvStates> states_;
  std::unique_ptr<ExternalTiering> external_;
  std::unique_ptr<TieringRunner> runner_;
  std::unique_ptr<TieredHotRows> hot_rows_;
  std::unique_ptr<LakeMaintenance> maintenance_;
};

/// From where a bucket's log must stay because the lake does not have it; INT64_MAX when it goes to no lake.
Offset LakeOffsetOf(const Configuration& configuration, const LakeSnapshots& snapshots,
                    const TableInfo& table, const TableBucket& bucket);

}  // namespace weir
