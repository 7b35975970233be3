// A whole Weir server in one object: storage, shards, listeners, services. Used by `weir serve` and
// by embedded SQL (which starts one without listeners).
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "server/configuration.h"

namespace weir {

class Catalog;
class SqlService;
class Tablets;
class VerifyService;

class Server {
 public:
  /// Open the data directory and the listeners and start serving. `configuration` is kept by
  /// reference. Errors  kInvalidConfig; kNetworkException (an address is taken); kStorage (the
  /// directory is not usable)
  static Result<std::unique_ptr<Server>> Start(const Configuration& configuration);
  ~Server();

  /// Refuse new connections, answer what is under way (for at most server.stop-wait-max), make
  /// everything durable, stop. Idempotent; from no shard.
  void Stop();

  /// The wire protocol's port; 0 without that listener.
  int port() const;

  Catalog& catalog();
  Tablets& tablets();
  SqlService& sql();
  VerifyService& verify();
  MetricRegistry& metrics();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
