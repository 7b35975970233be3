// One GET over HTTP, for commands that ask a running server something small.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/http_options.h"

namespace weir {

/// The body of a 200 answer.
/// Errors  kNetworkException    the server cannot be reached
///         kAuthenticate        it wants another user or password
///         kUnknownServerError  it answers something else
Result<std::string> HttpGet(const HttpOptions& options, const std::string& target);

}  // namespace weir
