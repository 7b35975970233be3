// What the connections of one web server share. Touched on the web thread only, apart from what
// says otherwise.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <set>

#include "async/blocking_pool.h"
#include "async/shard.h"
#include "base/refusal_log.h"
#include "web/web_server.h"

namespace weir {

struct WebContext {
  WebContext(WebOptions o, WebParts p) : options(std::move(o)), parts(std::move(p)) {}

  const WebOptions options;
  const WebParts parts;
  int connections = 0;
  bool stopping = false;
  std::set<ResultStream*> running;  // statements under way

  int catalog_requests = 0;  // under way
  RefusalLog refusals{"web"};

  /// Threads for statements, made when the first one comes.
  BlockingPool& pool() { return Made(pool_, options.statements_max); }
  /// Threads for the catalog, apart from those that long statements may all have taken.
  BlockingPool& catalog_pool() { return Made(catalog_pool_, options.catalog_threads); }
  /// Finish what runs and join; from another thread than the web thread, after `stopping` was set
  /// there.
  void StopPools() {
    if (pool_ != nullptr) pool_->Stop();
    if (catalog_pool_ != nullptr) catalog_pool_->Stop();
  }

 private:
  static BlockingPool& Made(std::unique_ptr<BlockingPool>& pool, int threads) {
    if (pool == nullptr) pool = std::make_unique<BlockingPool>(threads);
    return *pool;
  }

  std::unique_ptr<BlockingPool> pool_;
  std::unique_ptr<BlockingPool> catalog_pool_;
};

/// Serve one connection until either side has enough. On the web thread.
Task<> ServeHttp(boost::asio::ip::tcp::socket socket, WebContext& context);

/// What GET / shows.
std::string_view LandingPage();

}  // namespace weir
