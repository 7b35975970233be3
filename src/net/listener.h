// One listening address. Accepts on shard 0 and deals the sockets out to the shards in turn.
// When file descriptors run out it refuses: accepts with a reserve descriptor and closes at once.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "async/shard.h"
#include "base/result.h"

namespace weir {

struct HostPort {
  std::string host;
  int port = 0;
};

/// Parse "127.0.0.1:9123", "[::1]:9123", "localhost:0".
/// Errors  kInvalidConfig
Result<HostPort> ParseHostPort(std::string_view text);

class Listener {
 public:
  /// Called on `shard` with a socket of that shard's loop.
  using OnAccepted = std::function<void(Shard& shard, boost::asio::ip::tcp::socket socket)>;

  /// Bind and listen; accepting starts with Start().
  /// Errors  kInvalidConfig  the host has no address;  kNetworkException  the port is taken or may
  /// not be used
  static Result<std::unique_ptr<Listener>> Open(Shards& shards, const HostPort& address,
                                                OnAccepted on_accepted);
  ~Listener();

  void Start();
  /// Accept no more. On shard 0, or before it runs.
  void Close();

  /// The port really bound, also when 0 was asked for.
  int port() const { return local_.port(); }
  const boost::asio::ip::tcp::endpoint& local() const { return local_; }

 private:
  Listener(Shards& shards, boost::asio::ip::tcp::acceptor acceptor, OnAccepted on_accepted);
  void Wait();
  void AcceptAll();
  void RefuseOne();

  Shards& shards_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint local_;
  OnAccepted on_accepted_;
  int reserve_fd_ = -1;
  int64_t refused_ = 0;
  std::chrono::steady_clock::time_point last_warning_;
  size_t next_shard_ = 0;
};

}  // namespace weir
