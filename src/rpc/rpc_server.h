// Requests and replies over connections: finds the row of each request, checks version,
// authentication and permission, runs the handler and sends what it made. Thread-safe after
// construction; one per process.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/refusal_log.h"
#include "net/connection.h"
#include "rpc/api.h"
#include "rpc/authentication.h"
#include "rpc/rpc_metrics.h"

namespace weir {

struct RpcServerParts {
  std::span<const Api> apis;
  Services& services;
  const Authenticator& authenticator;
  const Authorizer& authorizer;
  /// "db.table" of an id, empty when there is none; asked only when permission depends on names.
  std::function<std::string(TableId)> table_name;
  MetricRegistry& metrics;
};

class RpcServer {
 public:
  explicit RpcServer(RpcServerParts parts);

  /// The upper half of a new connection.
  std::unique_ptr<FrameSink> MakeSession(Connection& connection);

  /// The numbers of a served row.
  ApiMetrics& MetricsOf(const Api& api) { return *metrics_[IndexOf(api.key)]; }

  /// Null when the protocol has no such request.
  const Api* Find(ApiKey key) const;
  const RpcServerParts& parts() const { return parts_; }
  RefusalLog& refusals() { return refusals_; }

 private:
  static constexpr int kFirstKey = 1000;
  static constexpr int kKeys = 128;

  static size_t IndexOf(ApiKey key) {
    return static_cast<size_t>(static_cast<int>(key) - kFirstKey);
  }

  RpcServerParts parts_;
  RefusalLog refusals_{"rpc"};
  std::array<std::unique_ptr<ApiMetrics>, kKeys> metrics_;
  std::array<const Api*, kKeys> by_key_{};
};

}  // namespace weir
