// Thread-per-core: a Shard is one thread with one event loop, and everything it owns is touched by
// that thread only. Work that belongs elsewhere travels: co_await shard.Run(f) hops there and comes
// home.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "async/task.h"
#include "async/timers.h"

namespace weir {
namespace detail {

template <class R>
struct Resume {
  using Signature = void(R);
};
template <>
struct Resume<void> {
  using Signature = void();
};
template <class R>
using ResumeWith = typename Resume<R>::Signature;

}  // namespace detail

class Shard {
 public:
  explicit Shard(int index);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  int index() const { return index_; }
  boost::asio::io_context& io() { return io_; }

  /// Whether the calling thread is this shard's.
  bool IsCurrent() const;

  /// Run `f` on this shard soon. Thread-safe; never blocks.
  template <class F>
  void Post(F&& f) {
    boost::asio::post(io_, std::forward<F>(f));
  }

  /// Run `f` (an ordinary function returning R) on this shard and resume the caller on its own
  /// shard. Without a hop when the caller is already here. `f` must not throw. Calls from one shard
  /// to another run in the order they were made.
  template <class F, class R = std::invoke_result_t<F>>
  Task<R> Run(F f) {
    if (IsCurrent()) co_return f();
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&,
                                                   detail::ResumeWith<R>>(
        [this, &f](auto handler) { this->Hop<R>(std::move(f), std::move(handler)); },
        boost::asio::use_awaitable);
  }

  /// Deadlines on this shard's loop. On this shard only.
  Timers& timers() { return timers_; }

  /// Start the thread; called once. Stop drains nothing: owners close their gates first.
  void Start();
  void Stop();
  void Join();

 private:
  /// There with `f`, back with its result: two posts, no coroutine of their own.
  template <class R, class F, class Handler>
  void Hop(F f, Handler handler) {
    boost::asio::post(io_, [f = std::move(f), handler = std::move(handler)]() mutable {
      const auto home = boost::asio::get_associated_executor(handler);
      if constexpr (std::is_void_v<R>) {
        f();
        boost::asio::post(home, [handler = std::move(handler)]() mutable { std::move(handler)(); });
      } else {
        boost::asio::post(home, [handler = std::move(handler), result = f()]() mutable {
          std::move(handler)(std::move(result));
        });
      }
    });
  }

  const int index_;
  boost::asio::io_context io_{1};
  Timers timers_{io_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// All shards of a process. Shard 0 also runs what belongs to no bucket (listeners, timers).
class Shards {
 public:
  explicit Shards(int count);
  ~Shards();

  int count() const { return static_cast<int>(shards_.size()); }
  Shard& at(int index) { return *shards_[static_cast<size_t>(index)]; }
  /// The owner of whatever hashes to `hash`.
  Shard& For(size_t hash) { return *shards_[hash % shards_.size()]; }

  void Start();
  /// Stop the loops and join the threads. Idempotent.
  void Stop();

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace weir
