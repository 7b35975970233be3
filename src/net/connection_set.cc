#include "net/connection_set.h"

#include <algorithm>

namespace weir {
namespace {

constexpr size_t kScratchBytes = 128 * KiB;
constexpr auto kSweepEvery = std::chrono::seconds(1);

}  // namespace

ConnectionSet::ConnectionSet(Shard& shard, const ConnectionLimits& limits,
                             int64_t in_flight_bytes_max, const Clock& clock)
    : shard_(shard),
      limits_(limits),
      in_flight_bytes_max_(in_flight_bytes_max),
      clock_(clock),
      timer_(shard.io()),
      scratch_(kScratchBytes) {}

ConnectionSet::~ConnectionSet() = default;

void ConnectionSet::Adopt(Connection::Socket socket, const MakeSink& make_sink,
                          bool authenticated) {
  if (closing_) return;
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  connections_.insert(connection);
  published_size_ = static_cast<int64_t>(connections_.size());
  connection->Start(make_sink(*connection), authenticated);
}

void ConnectionSet::Remove(Connection& connection) {
  connections_.erase(connection.shared_from_this());
  published_size_ = static_cast<int64_t>(connections_.size());
}

bool ConnectionSet::MayLog() {
  const int64_t now_ms = NowMs();
  if (now_ms - last_log_ms_ < 1000) return false;
  last_log_ms_ = now_ms;
  return true;
}

void ConnectionSet::StartSweeping() {
  timer_.expires_after(kSweepEvery);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Sweep();
    StartSweeping();
  });
}

void ConnectionSet::Sweep() {
  const int64_t now_ms = NowMs();
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->CheckDeadlines(now_ms);
  WakeWaiting();
}

void ConnectionSet::Drain() {
  closing_ = true;
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->Drain();
}

void ConnectionSet::CloseAll() {
  closing_ = true;
  timer_.cancel();
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->Close();
}

void ConnectionSet::AddInFlight(int64_t bytes) {
  in_flight_bytes_ += bytes;
  if (bytes < 0 && !waiting_.empty() && in_flight_bytes_ <= in_flight_bytes_max_ / 2) {
    boost::asio::post(shard_.io(), [this] { WakeWaiting(); });
  }
}

void ConnectionSet::WakeWhenRoom(const std::shared_ptr<Connection>& connection) {
  waiting_.push_back(connection);
}

void ConnectionSet::WakeWaiting() {
  if (Overloaded()) return;
  for (const auto& waiting : std::exchange(waiting_, {})) {
    if (const auto connection = waiting.lock()) connection->ResumeIfPaused();
  }
}

}  // namespace weir
