// A coroutine that runs on the shard it was started on. One alias, so that the library can change.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace weir {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace weir
