// One GET over HTTP, for commands that ask a running server something small.
#pragma once

#include <boost/system/error_code.hpp>

#include <string>

#include "base/result.h"
#include "cli/http_options.h"

namespace weir {

/// The body of a 200 answer.
/// Errors  kNetworkException    the server cannot be reached
///         kInvalidConfig       what answers does not speak HTTP
///         kAuthenticate        it wants another user or password
///         kUnknownServerError  it answers something else
Result<std::string> HttpGet(const HttpOptions& options, const std::string& target);

/// Why nothing came from `server`.
/// Errors  kInvalidConfig  what answers does not speak HTTP;  kNetworkException  anything else, and `what` failed
Failure NoHttpAnswer(std::string_view what, const std::string& server,
                     const boost::system::error_code& error);

}  // namespace weir
