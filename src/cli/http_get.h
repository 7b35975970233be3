// One GET over HTTP, for commands that ask a running server something small.
#pragma once

#include <string>

#include "base/result.h"

namespace weir {

/// The body of a 200 answer.
/// Errors  kNetworkException  the server cannot be reached;  kUnknownServerError  it answers something else
Result<std::string> HttpGet(const std::string& host, uint16_t port, const std::string& target);

}  // namespace weir
