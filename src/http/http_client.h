// One HTTP/1.1 request, its answer, and an error that says whether the request may have been carried out. Blocks; a
// connection for each request, so that no request meets one that the other side has just given up. TLS checks the
// certificate against the machine's authorities (SSL_CERT_FILE names others). Redirects are not followed: a
// secret goes nowhere but to the address that was configured.
// Thread: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// By name in any case; empty when it is not there.
  std::string_view Header(std::string_view name) const;
};

struct HttpLimits {
  std::chrono::milliseconds connect_time_max{5'000};
  /// The whole of it, from the first byte sent to the last one received.
  std::chrono::milliseconds request_time_max{30'000};
  int64_t response_bytes_max = 64 * MiB;
};

/// Errors  kInvalidConfig     the address makes no sense
///         kNetworkException  nothing was sent: no such host, no connection, no trust in the certificate
///         kRequestTimeOut    the request may have been carried out, but no whole answer came
///         kCancelled         `give_up` said so; whether the request was carried out is as unknown
///
/// give_up  asked several times a second
Result<HttpResponse> Exchange(const HttpRequest& request, const HttpLimits& limits,
                              const std::function<bool()>& give_up);

}  // namespace weir
