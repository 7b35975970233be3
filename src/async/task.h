// A coroutine that runs on the shard it was started on. One alias, so that the library can change.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace weir {

template <class T = void>
using Task = boost::asio::awaitable<T>;

/// Complete at once, yet count as having waited. co_spawn posts the end of a coroutine that never
/// waited: another turn of the loop with a system call, for an end that nobody looks at. Awaited
/// first by coroutines that often finish without waiting.
inline Task<void> NoteWaited() {
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      [](auto handler) { std::move(handler)(); }, boost::asio::use_awaitable);
}

}  // namespace weir
