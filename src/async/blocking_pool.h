// Threads for what may block: fsync, cold disk, RocksDB misses, SQL. Shards never block; they
//   co_await pool.Run([...] { return tablet_engine.Flush(); })
// and come home to their own thread with the result. What the work throws, the awaiting coroutine catches.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <utility>

#include "async/shard.h"
#include "base/log.h"

namespace weir {

class BlockingPool {
 public:
  explicit BlockingPool(int threads) : pool_(static_cast<size_t>(threads)) {}
  ~BlockingPool() { pool_.join(); }

  template <class F, class R = std::invoke_result_t<F>>
  Task<R> Run(F f) {
    co_return co_await boost::asio::co_spawn(
        pool_.get_executor(), [](F g) -> Task<R> { co_return g(); }(std::move(f)),
        boost::asio::use_awaitable);
  }

  /// Run `f` some time; nobody waits for it. What it throws is logged.
  template <class F>
  void Post(F&& f) {
    boost::asio::post(pool_, [g = std::forward<F>(f)]() mutable {
      try {
        g();
      } catch (const std::exception& e) {
        LogError("async", "work in the background threw: error=\"{}\"", e.what());
      }
    });
  }

  /// Finish what is queued and join.
  void Stop() { pool_.join(); }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace weir
