// A whole Weir server in one object: shards, listeners, services. Used by `weir serve` and by embedded SQL.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace weir {

struct ServerOptions {
  std::string data_dir = "./weir-data";
  std::string listen = "127.0.0.1:9123";  // empty: no wire protocol listener
  std::string http = "127.0.0.1:8080";    // empty: no HTTP listener
  int shards = 0;                         // 0: one per core
};

class Server {
 public:
  /// Open the data directory and the listeners and start serving.
  /// Errors  kInvalidConfig, kNetworkException (port in use), kStorage (directory not usable)
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options);
  ~Server();

  /// Refuse new requests, finish those under way (for at most a few seconds), make everything durable, stop.
  void Stop();

  /// The wire protocol's port.
  int port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
