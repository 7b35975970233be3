// Everything that can be set, from all places it can be set in:
//   flags (--set key=value)  over  environment (WEIR_KEY_WITH_UNDERSCORES)  over  YAML file  over
//   defaults
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "catalog/rest_options.h"
#include "lake/file_io_options.h"
#include "lake/lake_options.h"
#include "meta/catalog_options.h"
#include "remote/remote_options.h"
#include "server/server_options.h"
#include "sql/engine.h"
#include "tablet/kv_options.h"
#include "tablet/tablets_options.h"
#include "tiering/maintenance_options.h"
#include "tiering/tiering_options.h"
#include "web/web_server.h"

namespace weir {

using Setting = std::pair<std::string, std::string>;

struct ConfigurationSources {
  std::string file;  // YAML; empty: none
  std::vector<std::string>
      environment;  // "NAME=VALUE"; names that do not begin with WEIR_ are ignored, unknown ones that do and
                    // resemble an option are refused (docs/guide/configuration.md)
  std::vector<Setting> flags;
};

/// All options of a server. Not copyable: the option set points into it.
class Configuration {
 public:
  Configuration();
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  /// Apply all sources in their order.
  /// Errors  kInvalidConfig  names the source and the key
  Status Load(const ConfigurationSources& sources);

  ServerOptions server;
  CatalogOptions catalog;
  KvOptions kv;
  SqlOptions sql;
  WebOptions web;
  TabletsOptions tablets;
  iceberg::LakeOptions lake;
  iceberg::FileIoOptions lake_files;
  iceberg::RemoteOptions remote;
  TieringOptions tiering;
  MaintenanceOptions maintenance;
  iceberg::RestOptions rest;
  /// Name to password, from `security.users` or the JAAS text Fluss uses. Kept out of the option
  /// set, which is shown.
  std::map<std::string, std::string> users;
  OptionSet options;

 private:
  Status Set(std::string_view source, const std::string& key, const std::string& value);
  Status LoadFile(const std::string& path);
  Status LoadEnvironment(const std::vector<std::string>& environment);
};

/// The environment variable of an option: WEIR_SERVER_DATA_DIR for server.data-dir.
std::string EnvironmentName(std::string_view key);

/// This process' environment as NAME=VALUE.
std::vector<std::string> ProcessEnvironment();

}  // namespace weir
