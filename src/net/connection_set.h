// The connections of one shard: keeps them alive, enforces their deadlines, lends them the shard's
// scratch buffer and bounds the memory their requests and replies may hold together.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <unordered_set>
#include <vector>

#include "net/connection.h"

namespace weir {

class ConnectionSet {
 public:
  /// `clock` drives all deadlines; `in_flight_bytes_max` is this shard's part of the server's
  /// budget.
  ConnectionSet(Shard& shard, const ConnectionLimits& limits, int64_t in_flight_bytes_max,
                const Clock& clock);
  ~ConnectionSet();

  using MakeSink = std::function<std::unique_ptr<FrameSink>(Connection&)>;
  /// Take over an accepted socket. On this shard.
  void Adopt(Connection::Socket socket, const MakeSink& make_sink, bool authenticated);
  void Remove(Connection& connection);

  /// Start the once-a-second check of deadlines.
  void StartSweeping();
  void Sweep();

  /// Close idle connections now and the others when they are answered; take no new ones.
  void Drain();
  void CloseAll();

  size_t size() const { return connections_.size(); }
  /// The same from any thread, a moment old.
  int64_t published_size() const { return published_size_.load(std::memory_order_relaxed); }
  Shard& shard() { return shard_; }
  const ConnectionLimits& limits() const { return limits_; }
  int64_t NowMs() const { return clock_.MonotonicUs() / 1000; }

  /// Whether one more line about a misbehaving peer may be logged: one per second, so that peers
  /// cannot fill the log.
  bool MayLog();

  /// The shard's receive buffer; its content is only meaningful within one call.
  std::vector<char>& scratch() { return scratch_; }

  void AddInFlight(int64_t bytes);
  bool Overloaded() const { return in_flight_bytes_ > in_flight_bytes_max_; }
  int64_t in_flight_bytes() const { return in_flight_bytes_; }
  /// `connection` stopped reading because of Overloaded(): wake it when there is room.
  void WakeWhenRoom(const std::shared_ptr<Connection>& connection);
  void WakeWaiting();

 private:
  Shard& shard_;
  const ConnectionLimits limits_;
  const int64_t in_flight_bytes_max_;
  const Clock& clock_;
  boost::asio::steady_timer timer_;
  std::vector<char> scratch_;
  int64_t in_flight_bytes_ = 0;
  bool closing_ = false;
  int64_t last_log_ms_ = INT64_MIN / 2;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::atomic<int64_t> published_size_ = 0;
  std::vector<std::weak_ptr<Connection>> waiting_;
};

}  // namespace weir
