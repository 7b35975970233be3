#include "server/lake_service.h"

#include <filesystem>

#include "lake/location_rules.h"
#include "meta/catalog.h"

namespace weir {
namespace {

/// What a client needs to reach the store, in the names that Java's and Python's clients look for.
iceberg::StringPairs FileSettings(const iceberg::FileIoOptions& options) {
  iceberg::StringPairs out;
  if (!options.s3_endpoint.empty()) {
    out.emplace_back("s3.endpoint", options.s3_endpoint);
    out.emplace_back("s3.path-style-access", options.s3_path_style_access ? "true" : "false");
    out.emplace_back("s3.force-virtual-addressing",
                     options.s3_path_style_access ? "false" : "true");
  }
  if (!options.s3_region.empty()) {
    out.emplace_back("client.region", options.s3_region);
    out.emplace_back("s3.region", options.s3_region);
  }
  return out;
}

iceberg::StringPairs FileSecrets(const iceberg::FileIoOptions& options) {
  iceberg::StringPairs out;
  if (options.s3_access_key_id.empty()) return out;
  out.emplace_back("s3.access-key-id", options.s3_access_key_id);
  out.emplace_back("s3.secret-access-key", options.s3_secret_access_key);
  if (!options.s3_session_token.empty())
    out.emplace_back("s3.session-token", options.s3_session_token);
  return out;
}

/// Where tables of the external catalog may lie: what the options name as places.
iceberg::RemotePlaces PlacesOf(const iceberg::LakeOptions& options,
                               const std::string& data_directory) {
  std::error_code ignored;
  iceberg::RemotePlaces out{
      .allowed = options.other_places,
      .data_directory = std::filesystem::absolute(data_directory, ignored).lexically_normal()};
  const bool is_place = options.warehouse.starts_with('/') ||
                        options.warehouse.find("://") != std::string::npos ||
                        options.warehouse.starts_with("file:");
  if (is_place) out.allowed.push_back(options.warehouse);
  return out;
}

/// Where the built-in catalog's tables may lie, and where they do: the warehouse may have been another one.
Result<iceberg::ReadPlaces> ReadPlacesOf(const iceberg::LakeCatalog& catalog) {
  iceberg::ReadPlaces out{.below = catalog.options().other_places};
  out.below.push_back(catalog.options().warehouse);
  for (const iceberg::Ident& ident : catalog.AllTables()) {
    ASSIGN_OR_RETURN(const iceberg::TablePlace place, catalog.PlaceOf(ident));
    if (!iceberg::IsBelowAny(place.root, out.below)) out.below.push_back(place.root);
  }
  for (const iceberg::PurgeRequest& request : catalog.PurgeRequests()) {
    if (!iceberg::IsBelowAny(request.root, out.below)) out.below.push_back(request.root);
  }
  return out;
}

}  // namespace

iceberg::TableCatalog& LakeService::tables() {
  if (external_ != nullptr) return *external_;
  return *built_in_;
}

std::optional<iceberg::RemoteState> LakeService::external_state() const {
  if (client_ == nullptr) return std::nullopt;
  return client_->state();
}

void LakeService::Stop() {
  if (client_ != nullptr) client_->Stop();
}

std::function<bool(std::string_view, std::string_view)> PasswordCheck(
    const Configuration& configuration) {
  if (configuration.users.empty()) return {};
  return [&configuration](std::string_view user, std::string_view password) {
    const auto found = configuration.users.find(std::string(user));
    return found != configuration.users.end() && found->second == password;
  };
}

Result<std::unique_ptr<LakeService>> LakeService::Open(const Configuration& configuration,
                                                       const std::string& data_directory,
                                                       Catalog& catalog, MetricRegistry& metrics) {
  std::unique_ptr<LakeService> out(new LakeService);
  out->files_ = std::make_unique<iceberg::FileIo>(configuration.lake_files, metrics);
  const iceberg::RemoteOptions& remote = configuration.remote;
  if (!remote.type.empty() && !remote.enabled())
    return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.type: not `rest` and not empty: {}",
                remote.type);
  iceberg::LakeOptions local = configuration.lake;
  if (remote.enabled()) local.warehouse.clear();  // it names one of the external catalog
  ASSIGN_OR_RETURN(out->built_in_, iceberg::LakeCatalog::Open(
                                       catalog.store(), *out->files_,
                                       {.warehouse = iceberg::WarehouseOf(local, data_directory),
                                        .other_places = configuration.lake.other_places}));
  const iceberg::RemotePlaces remote_places = PlacesOf(configuration.lake, data_directory);
  ASSIGN_OR_RETURN(iceberg::ReadPlaces readable, ReadPlacesOf(*out->built_in_));
  if (remote.enabled()) {
    readable.below.insert(readable.below.end(), remote_places.allowed.begin(),
                          remote_places.allowed.end());
    readable.object_stores = remote_places.allowed.empty();
  }
  out->files_->Confine(std::move(readable));
  out->live_files_ = out->files_->Unsynced();
  if (remote.enabled()) {
    ASSIGN_OR_RETURN(out->client_, iceberg::RestClient::Create(remote, configuration.lake.warehouse,
                                                               SystemClock(), metrics));
    ASSIGN_OR_RETURN(out->external_,
                     iceberg::RemoteCatalog::Open(catalog.store(), *out->files_, *out->client_,
                                                  remote_places, SystemClock()));
  }
  ASSIGN_OR_RETURN(out->rest_, iceberg::RestCatalog::Open(
                                   {.lake = *out->built_in_,
                                    .live_files = *out->live_files_,
                                    .store = catalog.store(),
                                    .metrics = metrics,
                                    .authenticate = PasswordCheck(configuration),
                                    .file_settings = FileSettings(configuration.lake_files),
                                    .file_secrets = FileSecrets(configuration.lake_files)},
                                   configuration.rest));
  return out;
}

}  // namespace weir
