// SQL and HTTP of a server: the engine over its catalog and tablets, and the web server in front of
// it and of the lake's REST catalog.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/configuration.h"
#include "sql/engine.h"
#include "web/starting_page.h"
#include "web/web_server.h"

namespace weir {

class Catalog;
class LakeService;
class VerifyService;
class MetricRegistry;
class Tablets;

class SqlService {
 public:
  /// Everything by reference must outlive the service.
  SqlService(const Configuration& configuration, Catalog& catalog, Tablets& tablets,
             LakeService& lake, VerifyService& verify, MetricRegistry& metrics);

  /// What GET /v1/lake answers; before Start.
  void SetLakeStatus(std::function<std::string()> status) { lake_status_ = std::move(status); }

  /// Answer HTTP, when server.http says so, on the socket of `starting`.
  /// Errors  kInvalidConfig, kNetworkException
  Status Start(std::unique_ptr<StartingPage> starting);
  /// What HTTP clients get until then; null when server.http is empty.
  /// Errors  kInvalidConfig, kNetworkException
  static Result<std::unique_ptr<StartingPage>> OpenStartingPage(const Configuration& configuration);
  /// Cancel what runs and close all connections. Idempotent.
  void Stop() { web_.reset(); }

  SqlEngine& engine() { return engine_; }
  /// The port really bound; 0 without HTTP.
  int http_port() const { return web_ == nullptr ? 0 : web_->port(); }

 private:
  Status Health() const;

  const Configuration& configuration_;
  const Catalog& catalog_;
  LakeService& lake_;
  VerifyService& verify_;
  MetricRegistry& metrics_;
  SqlEngine engine_;
  std::function<std::string()> lake_status_;
  std::unique_ptr<WebServer> web_;
};

}  // namespace weir
