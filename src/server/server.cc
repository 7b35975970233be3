#include "server/server.h"

#include <thread>

#include "base/log.h"
#include "handlers/handlers.h"
#include "handlers/services.h"
#include "net/connection_set.h"
#include "net/listener.h"
#include "rpc/authentication.h"
#include "rpc/rpc_server.h"

namespace weir {

struct Server::State {
  State(const ServerOptions& o, int shard_count)
      : options(o), shards(shard_count), services{.shards = shards, .pool = pool, .clock = SystemClock()} {}

  ServerOptions options;
  Shards shards;
  BlockingPool pool{4};
  Services services;
  Authenticator authenticator{{}};
  AllowEverything authorizer;
  std::unique_ptr<RpcServer> rpc;
  std::vector<std::unique_ptr<ConnectionSet>> connections;  // one per shard
  std::unique_ptr<Listener> listener;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Stop(); }

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  auto state = std::make_unique<State>(options, options.shards > 0 ? options.shards : cores);
  State& s = *state;
  s.rpc = std::make_unique<RpcServer>(RpcServerParts{
      .apis = Apis(),
      .services = s.services,
      .authenticator = s.authenticator,
      .authorizer = s.authorizer,
      .table_name = [](TableId) { return std::string(); },
  });
  constexpr int64_t kInFlightBytesMax = 512 * MiB;
  for (int i = 0; i < s.shards.count(); ++i) {
    s.connections.push_back(std::make_unique<ConnectionSet>(s.shards.at(i), ConnectionLimits{},
                                                            kInFlightBytesMax / s.shards.count(), s.services.clock));
    s.connections.back()->StartSweeping();
  }
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.listen));
  ASSIGN_OR_RETURN(s.listener, Listener::Open(s.shards, address, [&s](Shard& shard, Connection::Socket socket) {
    s.connections[static_cast<size_t>(shard.index())]->Adopt(
        std::move(socket), [&s](Connection& connection) { return s.rpc->MakeSession(connection); },
        !s.authenticator.required());
  }));
  s.listener->Start();
  s.shards.Start();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::Stop() {
  if (state_ == nullptr) return;
  state_->shards.Stop();
  state_.reset();
}

int Server::port() const { return state_->listener->port(); }

}  // namespace weir
