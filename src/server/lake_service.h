// The lake of a server: its files, the catalog of its tables, and the REST catalog that shows them to the world.
// Made before whatever tiers into it or serves it, and gone after that.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "catalog/rest_catalog.h"
#include "lake/file_io.h"
#include "lake/lake_catalog.h"
#include "remote/remote_catalog.h"
#include "server/configuration.h"

namespace weir {

class Catalog;
class MetricRegistry;

class LakeService {
 public:
  /// Open the lake of a server whose data lies in `data_directory`. Everything by reference must outlive it.
  /// Errors  kInvalidConfig  the warehouse is no place;  kStorage
  static Result<std::unique_ptr<LakeService>> Open(const Configuration& configuration,
                                                   const std::string& data_directory,
                                                   Catalog& catalog, MetricRegistry& metrics);

  iceberg::FileIo& files() { return *files_; }
  /// For files that live for minutes.
  iceberg::FileIo& live_files() { return *live_files_; }
  /// Of tiering, maintenance and SQL: the built-in catalog, or the external one when there is one.
  iceberg::TableCatalog& tables();
  /// Of the built-in catalog, also when there is an external one.
  iceberg::RestCatalog& rest() { return *rest_; }
  /// How the external catalog is doing; nothing without one.
  std::optional<iceberg::RemoteState> external_state() const;
  /// Requests to the external catalog under way end. Idempotent.
  void Stop();

 private:
  LakeService() = default;

  std::unique_ptr<iceberg::FileIo> files_;
  std::unique_ptr<iceberg::FileIo> live_files_;
  std::unique_ptr<iceberg::LakeCatalog> built_in_;
  std::unique_ptr<iceberg::RestClient> client_;
  std::unique_ptr<iceberg::RemoteCatalog> external_;
  std::unique_ptr<iceberg::RestCatalog> rest_;
};

/// Whether the user may come in; empty when no users are configured. Refers to `configuration`.
std::function<bool(std::string_view user, std::string_view password)> PasswordCheck(
    const Configuration& configuration);

}  // namespace weir
