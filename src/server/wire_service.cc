#include "server/wire_service.h"

#include <future>
#include <thread>

#include "base/log.h"
#include "base/machine.h"
#include "handlers/handlers.h"
#include "meta/catalog.h"

namespace weir {
namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(5);

ConnectionLimits LimitsOf(const ServerOptions& options) {
  ConnectionLimits limits;
  limits.frame_bytes_max = options.request_bytes_max;
  limits.idle_ms = options.idle_time_max.count();
  return limits;
}

}  // namespace

WireService::WireService(const Configuration& configuration, Services& services)
    : options_(configuration.server),
      services_(services),
      connections_max_(std::min<int64_t>(options_.connections_max, OpenFileLimit() / 2)),
      authenticator_(configuration.users),
      rpc_({.apis = Apis(),
            .services = services,
            .authenticator = authenticator_,
            .authorizer = authorizer_,
            .table_name =
                [&services](TableId id) {
                  const TableRef table = services.catalog->FindTable(id);
                  return table == nullptr ? std::string() : table->path.ToString();
                },
            .metrics = services.metrics}),
      metrics_(services.metrics, *this) {
  const int count = services.shards.count();
  for (int i = 0; i < count; ++i) {
    connections_.push_back(
        std::make_unique<ConnectionSet>(services.shards.at(i), LimitsOf(options_),
                                        options_.in_flight_bytes_max / count, services.clock));
  }
}

Result<std::unique_ptr<WireService>> WireService::Open(const Configuration& configuration,
                                                       Services& services) {
  auto service = std::unique_ptr<WireService>(new WireService(configuration, services));
  if (!configuration.server.listen.empty()) RETURN_IF_ERROR(service->Listen());
  if (!configuration.server.advertised_address.empty()) {
    ASSIGN_OR_RETURN(const HostPort advertised,
                     ParseHostPort(configuration.server.advertised_address));
    services.advertised_host = advertised.host;
    services.advertised_port = advertised.port;
  }
  return service;
}

Status WireService::Listen() {
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options_.listen));
  ASSIGN_OR_RETURN(listener_, Listener::Open(services_.shards, address,
                                             [this](Shard& shard, Connection::Socket socket) {
                                               OnAccepted(shard, std::move(socket));
                                             }));
  return {};
}

void WireService::OnAccepted(Shard& shard, Connection::Socket socket) {
  ConnectionSet& set = *connections_[static_cast<size_t>(shard.index())];
  if (static_cast<int64_t>(set.size()) * services_.shards.count() >= connections_max_) {
    metrics_.refused.Add();
    return;
  }
  set.Adopt(
      std::move(socket), [this](Connection& connection) { return rpc_.MakeSession(connection); },
      !authenticator_.required());
}

void WireService::Start() {
  for (auto& set : connections_) set->shard().Post([&set] { set->StartSweeping(); });
  if (listener_ != nullptr) services_.shards.at(0).Post([this] { listener_->Start(); });
}

template <class F>
void WireService::OnEachShard(F f) {
  std::vector<std::future<void>> done;
  for (auto& set : connections_) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    set->shard().Post([promise, f, &set] {
      f(*set);
      promise->set_value();
    });
  }
  for (auto& one : done) one.get();
}

int64_t WireService::connection_count() const {
  int64_t count = 0;
  for (const auto& set : connections_) count += set->published_size();
  return count;
}

void WireService::Stop(std::chrono::milliseconds at_most) {
  if (listener_ != nullptr) {
    std::promise<void> closed;
    services_.shards.at(0).Post([&] {
      listener_->Close();
      closed.set_value();
    });
    closed.get_future().get();
  }
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  OnEachShard([](ConnectionSet& set) { set.Drain(); });
  while (connection_count() > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(kStopPoll);
  if (connection_count() > 0)
    LogWarn("server", "closing connections that wait for an answer: connections={}",
            connection_count());
  OnEachShard([](ConnectionSet& set) { set.CloseAll(); });
}

}  // namespace weir
