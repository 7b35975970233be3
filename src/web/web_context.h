// What the connections of one web server share. Touched on the web thread only, apart from what
// says otherwise.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <set>

#include "async/blocking_pool.h"
#include "async/shard.h"
#include "web/web_server.h"

namespace weir {

struct WebContext {
  WebContext(WebOptions o, WebParts p) : options(std::move(o)), parts(std::move(p)) {}

  const WebOptions options;
  const WebParts parts;
  int connections = 0;
  bool stopping = false;
  std::set<ResultStream*> running;  // statements under way

  /// Threads for statements, made when the first one comes.
  BlockingPool& pool() {
    if (pool_ == nullptr) pool_ = std::make_unique<BlockingPool>(options.statements_max);
    return *pool_;
  }
  /// Finish what runs and join; from another thread than the web thread, after `stopping` was set
  /// there.
  void StopPool() {
    if (pool_ != nullptr) pool_->Stop();
  }

 private:
  std::unique_ptr<BlockingPool> pool_;
};

/// Serve one connection until either side has enough. On the web thread.
Task<> ServeHttp(boost::asio::ip::tcp::socket socket, WebContext& context);

/// What GET / shows.
std::string_view LandingPage();

}  // namespace weir
