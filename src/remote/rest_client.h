// Requests to a catalog elsewhere: its prefix, tokens, retries, limits, and its errors in our codes. What a
// namespace or a table is, is remote_catalog.h's.
//
// A request is tried again only when it surely was not carried out, or may be carried out twice. The waits between
// grow and have a random part; after a request that got no answer at all the next ones fail at once for a moment,
// so that a catalog that is down costs a thread little.
// Source: Iceberg REST catalog OpenAPI; Iceberg's Java client for names of properties.
// Thread: any; blocks.
#pragma once

#include <boost/json/value.hpp>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/http_client.h"
#include "remote/remote_options.h"
#include "remote/secrets.h"

namespace weir::iceberg {

/// Whether a request may be carried out a second time when it is not known whether it was.
enum class Repeat : uint8_t { kMay, kMustNot };

struct RestCall {
  std::string method = "GET";
  std::string path = {};  // below the prefix, "namespaces/a/tables/t?x=y"; encoded
  std::optional<boost::json::value> body = std::nullopt;
  Repeat repeat = Repeat::kMay;
  std::string etag = {};  // If-None-Match
  int attempts_max = 0;   // 0: what the options say
};

struct RestAnswer {
  int status = 0;  // 200, 204 or 304
  boost::json::value body;
  std::string etag;
};

/// How the catalog is doing, for `weir lake status`; never a secret.
struct RemoteState {
  std::string uri;
  bool reachable = true;  // until the contrary is known
  std::string error;      // of the last request that got no good answer
  int64_t failing_since_ms = 0;
};

class RestClient {
 public:
  /// Nothing is asked yet. Errors  kInvalidConfig  an address, a header
  static Result<std::unique_ptr<RestClient>> Create(RemoteOptions options, std::string warehouse,
                                                    const Clock& clock, MetricRegistry& metrics);
  ~RestClient();

  /// Errors  kNetworkException     not now: no connection, too many requests, or a server's error
  ///         kAuthenticate         the credential or token is refused;  kAuthorization  this may not be done
  ///         kDatabaseNotExist, kTableNotExist  404, by the type of the error
  ///         kCommitConflict       409
  ///         kInvalidTable         400, 406, 422 and the like
  ///         kUnknownServerError   the answer makes no sense
  ///         kCommitStateUnknown   (kMustNot) it may have been carried out
  ///         kCancelled            Stop was called
  Result<RestAnswer> Call(const RestCall& call);

  /// Let requests under way end. Idempotent.
  void Stop();
  RemoteState state() const;
  /// A pause between two tries of something that is made of several requests; false when stopping.
  bool Pause(int attempt);

 private:
  struct Metrics : MetricGroup {
    Metrics(MetricRegistry& registry, const RestClient& client);
    Counter requests{*this, "lake_catalog_requests_total",
                     "Requests sent to the external catalog, tries included."};
    Counter retries{*this, "lake_catalog_retries_total",
                    "Requests to the external catalog that were tries after the first."};
    Counter failures{*this, "lake_catalog_failures_total",
                     "Requests that the external catalog gave no good answer to."};
    Counter unknown{*this, "lake_catalog_unknown_outcomes_total",
                    "Changes sent to the external catalog whose outcome its answer did not tell."};
    Histogram seconds{*this, "lake_catalog_request_seconds",
                      "Time of a request to the external catalog."};
    ProbeGauge up;
  };
  /// What one try came to; nothing: try again.
  struct Outcome {
    std::optional<Result<RestAnswer>> done;
    Error error;  // of this try
    int64_t wait_ms = 0;
  };

  RestClient(RemoteOptions options, std::string warehouse, const Clock& clock,
             MetricRegistry& metrics);
  Result<HttpResponse> Send(HttpRequest request);
  Result<RestAnswer> CallAt(const RestCall& call, const std::string& url);
  Outcome Try(const RestCall& call, const std::string& url, bool& renewed);
  Outcome Judge(const RestCall& call, HttpResponse response);
  Result<std::string> Prefix();
  Result<std::string> Token();
  Result<std::string> NewToken();
  void ForgetToken(const std::string& token);
  Status CheckDown();
  void Note(const Status& status);
  bool Wait(int64_t at_least_ms, int attempt);
  bool stopping() const;
  Failure Refused(int status, const boost::json::value& body) const;

  const RemoteOptions options_;
  const std::string warehouse_;
  const Clock& clock_;
  Secrets secrets_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stop_;
  bool stopping_ = false;
  std::optional<std::string> prefix_;
  RemoteState state_;
  int64_t down_until_us_ = 0;

  std::mutex token_mutex_;  // one asks for a token at a time; guards what follows
  std::string token_;
  int64_t renew_at_us_ = 0;

  Metrics metrics_;
};

}  // namespace weir::iceberg
