// Where the exceptions of libraries end: at a place that knows what was under way and can name it. Nothing of ours
// throws, but memory may run out in the middle of anything.
// The places: docs/decisions/0004-errors-are-values-with-wire-codes.md.
#pragma once

#include <exception>
#include <utility>

#include "base/result.h"

namespace weir {

/// Run `body`, which returns a Result; what it throws becomes kUnknownServerError.
/// Nobody knows how far it came: what it was changing must be looked at again, as after a crash.
template <class F>
auto Guarded(F&& body) -> decltype(body()) {
  try {
    return std::forward<F>(body)();
  } catch (const std::exception& thrown) {
    return Fail(ErrorCode::kUnknownServerError, "internal error: {}", thrown.what());
  }
}

}  // namespace weir
