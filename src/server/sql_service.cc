#include "server/sql_service.h"

#include "base/metrics.h"
#include "meta/catalog.h"
#include "net/listener.h"
#include "server/lake_service.h"
#include "server/verify_service.h"
#include "sql/buckets.h"

namespace weir {
namespace {

SqlOptions OptionsOf(const Configuration& configuration) {
  SqlOptions options = configuration.sql;
  options.lake = configuration.catalog.lake_enabled ? LakeTiering::kOn : LakeTiering::kOff;
  return options;
}

}  // namespace

SqlService::SqlService(const Configuration& configuration, Catalog& catalog, Tablets& tablets,
                       LakeService& lake, VerifyService& verify, MetricRegistry& metrics)
    : configuration_(configuration),
      catalog_(catalog),
      lake_(lake),
      verify_(verify),
      metrics_(metrics),
      engine_(OptionsOf(configuration), catalog, MakeTabletBuckets(tablets), &lake.tables()) {}

Status SqlService::Health() const {
  if (!catalog_.undecided()) return {};
  return Fail(
      ErrorCode::kStorage,
      "nothing is accepted: a change of metadata failed and cannot be taken back, see the log");
}

Result<std::unique_ptr<StartingPage>> SqlService::OpenStartingPage(
    const Configuration& configuration) {
  if (configuration.server.http.empty()) return std::unique_ptr<StartingPage>();
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(configuration.server.http));
  return StartingPage::Open(address.host, static_cast<uint16_t>(address.port));
}

Status SqlService::Start(std::unique_ptr<StartingPage> starting) {
  if (starting == nullptr) return {};
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(configuration_.server.http));
  WebOptions options = configuration_.web;
  options.host = address.host;
  options.port = static_cast<uint16_t>(address.port);
  WebParts parts{
      .sql = engine_,
      .metrics = [this] { return metrics_.PrometheusText(); },
      .health = [this] { return Health(); },
      .authenticate = PasswordCheck(configuration_),
      .catalog = &lake_.rest(),
      .external_catalog = configuration_.remote.enabled() ? configuration_.remote.uri : "",
      .lake_status = lake_status_,
      .verify = [this](const std::string& table) { return verify_.Run(table); }};
  ASSIGN_OR_RETURN(web_,
                   WebServer::Start(std::move(options), std::move(parts), starting->HandOver()));
  return {};
}

}  // namespace weir
