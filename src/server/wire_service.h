// The wire protocol's side of a server: listener, the connections of each shard, and the RPC server
// over them.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/result.h"
#include "handlers/services.h"
#include "net/connection_set.h"
#include "net/listener.h"
#include "rpc/authentication.h"
#include "rpc/rpc_server.h"
#include "server/configuration.h"

namespace weir {

class WireService {
 public:
  /// Bind the address; nothing is accepted before Start().
  /// Errors  kInvalidConfig, kNetworkException
  static Result<std::unique_ptr<WireService>> Open(const Configuration& configuration,
                                                   Services& services);

  /// Accept. The shards run.
  void Start();
  /// Accept no more, close idle connections, give the others `at_most` to get their answers, close
  /// them. Blocks.
  void Stop(std::chrono::milliseconds at_most);

  int port() const { return listener_ == nullptr ? 0 : listener_->port(); }
  /// Open connections now. Any thread; a moment old.
  int64_t connection_count() const;

 private:
  WireService(const Configuration& configuration, Services& services);
  Status Listen();
  void OnAccepted(Shard& shard, Connection::Socket socket);
  /// Run `f(ConnectionSet&)` on each shard and wait.
  template <class F>
  void OnEachShard(F f);

  const ServerOptions& options_;
  Services& services_;
  const int64_t connections_max_;
  Authenticator authenticator_;
  AllowEverything authorizer_;
  RpcServer rpc_;
  std::vector<std::unique_ptr<ConnectionSet>> connections_;  // one per shard
  std::unique_ptr<Listener> listener_;
  struct Metrics : MetricGroup {
    Metrics(MetricRegistry& registry, const WireService& service)
        : MetricGroup(registry),
          connections(*this, "net_connections", "Open connections of the wire protocol.",
                      [&service] { return static_cast<double>(service.connection_count()); }) {}
    ProbeGauge connections;
    Counter refused{*this, "net_connections_refused_total",
                    "Connections closed at once: too many were open."};
  } metrics_;
};

}  // namespace weir
