#include "server/tiering_service.h"

#include "base/clock.h"
#include "io/file.h"
#include "server/lake_service.h"

namespace weir {
namespace {

/// What Fluss' readers of the lake are told with a table; secrets are theirs to bring.
std::map<std::string, std::string> PublicFileSettings(const iceberg::FileIoOptions& options) {
  std::map<std::string, std::string> out;
  if (!options.s3_endpoint.empty()) {
    out["s3.endpoint"] = options.s3_endpoint;
    out["s3.path-style-access"] = options.s3_path_style_access ? "true" : "false";
  }
  if (!options.s3_region.empty()) out["client.region"] = options.s3_region;
  return out;
}

/// Where Fluss' readers find the tables when not here. What lets them in is theirs to bring, too.
std::map<std::string, std::string> ExternalCatalogSettings(const Configuration& configuration) {
  std::map<std::string, std::string> out;
  if (!configuration.remote.enabled()) return out;
  out["uri"] = configuration.remote.uri;
  if (!configuration.lake.warehouse.empty()) out["warehouse"] = configuration.lake.warehouse;
  if (!configuration.remote.prefix.empty()) out["prefix"] = configuration.remote.prefix;
  return out;
}

}  // namespace

Result<std::unique_ptr<TieringService>> TieringService::Open(const Configuration& configuration,
                                                             const std::string& data_directory,
                                                             LakeService& lake, Tablets& tablets,
                                                             Services& services) {
  std::unique_ptr<TieringService> out(new TieringService);
  ASSIGN_OR_RETURN(TieringMode mode, ParseTieringMode(configuration.tiering.mode));
  if (!configuration.catalog.lake_enabled) mode = TieringMode::kOff;
  out->logs_ = MakeTabletLogs(tablets, RealFileSystem());
  out->states_ = MakeTabletKvStates(tablets);
  out->runner_ = std::make_unique<TieringRunner>(
      configuration.tiering, mode,
      TieringRunner::Environment{.catalog = *services.catalog,
                                 .lake = lake.tables(),
                                 .io = lake.files(),
                                 .logs = *out->logs_,
                                 .states = *out->states_,
                                 .clock = services.clock,
                                 .metrics = services.metrics,
                                 .index_folder = data_directory + "/lake-index"});
  out->hot_rows_ = std::make_unique<TieredHotRows>(*services.catalog, *out->logs_,
                                                   lake.live_files(), *out->runner_);
  services.lake_catalog_settings = ExternalCatalogSettings(configuration);
  services.lake_file_settings = PublicFileSettings(configuration.lake_files);
  out->maintenance_ =
      std::make_unique<LakeMaintenance>(configuration.maintenance, *out->runner_, services.metrics);
  services.tiering_schedule = &out->runner_->schedule();
  // So that a job which spoke to this server before it was restarted is told to begin anew.
  services.coordinator_epoch = static_cast<int32_t>((services.clock.NowMs() / 1000) & INT32_MAX);
  if (mode == TieringMode::kExternal) {
    const std::string& remote = configuration.catalog.remote_data_dir;
    out->external_ = std::make_unique<ExternalTiering>(
        RealFileSystem(), (remote.empty() ? data_directory + "/remote" : remote) + "/lake",
        services.catalog->lake_snapshots(), *out->logs_);
    services.external_tiering = out->external_.get();
  }
  return out;
}

Offset LakeOffsetOf(const Configuration& configuration, const LakeSnapshots& snapshots,
                    const TableInfo& table, const TableBucket& bucket) {
  if (!configuration.catalog.lake_enabled || !table.config.lake_enabled ||
      configuration.tiering.mode == "off")
    return INT64_MAX;
  return snapshots.TieredOffset(bucket);
}

}  // namespace weir
