#include "remote/rest_client.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <random>

#include "base/log.h"
#include "http/url.h"
#include "lake/json_fields.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

constexpr int kOk = 200;
constexpr int kNoContent = 204;
constexpr int kNotModified = 304;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kConflict = 409;
constexpr int kTokenExpired = 419;
constexpr int kTooMany = 429;
constexpr int kUnavailable = 503;
constexpr int kServerErrors = 500;

constexpr size_t kHeadersMax = 16;
/// A catalog that gave no answer is left alone for so long.
constexpr int64_t kDownPauseUs = 1'000'000;
constexpr int64_t kTokenSecondsDefault = 3600;
constexpr int64_t kTokenSecondsMax = 30LL * 24 * 3600;
constexpr int64_t kTokenBytesMax = 64 * KiB;

double Dice() {
  thread_local std::minstd_rand dice(std::random_device{}());
  return std::uniform_real_distribution<double>(0.5, 1.0)(dice);
}

bool IsHeaderText(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

bool IsHeaderName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

std::string TextOf(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string Trimmed(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

}  // namespace

RestClient::Metrics::Metrics(MetricRegistry& registry, const RestClient& client)
    : MetricGroup(registry),
      up(*this, "lake_catalog_up", "Whether the external catalog gave an answer when last asked.",
         [&client] { return client.state().reachable ? 1.0 : 0.0; }) {}

Result<std::unique_ptr<RestClient>> RestClient::Create(RemoteOptions options, std::string warehouse,
                                                       const Clock& clock,
                                                       MetricRegistry& metrics) {
  options.uri = Trimmed(options.uri);
  if (options.token_uri.empty()) options.token_uri = options.uri + "/v1/oauth/tokens";
  if (options.token_uri.find("://") == std::string::npos)
    options.token_uri = options.uri + "/" + options.token_uri;
  for (const auto& [key, address] :
       {std::pair("uri", options.uri), std::pair("oauth2-server-uri", options.token_uri)}) {
    if (const auto url = ParseUrl(address); !url.ok())
      return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.{}: {}", key, url.error().message);
  }
  if (options.headers.size() > kHeadersMax)
    return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.header: more than {}", kHeadersMax);
  for (const auto& [name, value] : options.headers) {
    if (!IsHeaderName(name) || !IsHeaderText(value))
      return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.header: not a header: {:.100}",
                  name);
  }
  if (!IsHeaderText(options.token))
    return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.token: control characters");
  return std::unique_ptr<RestClient>(
      new RestClient(std::move(options), std::move(warehouse), clock, metrics));
}

RestClient::RestClient(RemoteOptions options, std::string warehouse, const Clock& clock,
                       MetricRegistry& metrics)
    : options_(std::move(options)),
      warehouse_(std::move(warehouse)),
      clock_(clock),
      token_(options_.token),
      renew_at_us_(INT64_MAX),
      metrics_(metrics, *this) {
  state_.uri = options_.uri;
  secrets_.Add(options_.credential);
  secrets_.Add(std::string_view(options_.credential).substr(options_.credential.find(':') + 1));
  secrets_.Add(options_.token);
  for (const auto& [name, value] : options_.headers) secrets_.Add(value);
}

RestClient::~RestClient() { Stop(); }

void RestClient::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
}

bool RestClient::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

RemoteState RestClient::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool RestClient::Wait(int64_t at_least_ms, int attempt) {
  const double grown = static_cast<double>(options_.backoff_min.count()) *
                       static_cast<double>(1LL << std::min(attempt, 20));
  const double most = static_cast<double>(options_.backoff_max.count());
  const double wait =
      std::max(std::min(grown, most) * Dice(), std::min(static_cast<double>(at_least_ms), most));
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, std::chrono::duration<double, std::milli>(wait),
                         [this] { return stopping_; });
}

bool RestClient::Pause(int attempt) { return Wait(0, attempt); }

// ---- One request -------------------------------------------------------------------------------------------

Status RestClient::CheckDown() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Fail(ErrorCode::kCancelled, "the server is stopping");
  if (clock_.MonotonicUs() >= down_until_us_) return {};
  return Fail(ErrorCode::kNetworkException, "{}", state_.error);
}

void RestClient::Note(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status.ok()) {
    if (!state_.reachable)
      LogInfo("tiering", "the external catalog answers again: uri={}", state_.uri);
    state_ = {.uri = std::move(state_.uri)};
    return;
  }
  if (status.code() == ErrorCode::kCancelled) return;
  if (state_.reachable)
    LogWarn("tiering", "the external catalog gives no answer: uri={} error={}", state_.uri,
            status.error().message);
  if (state_.failing_since_ms == 0) state_.failing_since_ms = clock_.NowMs();
  state_.reachable = false;
  state_.error = status.error().message;
  down_until_us_ = clock_.MonotonicUs() + kDownPauseUs;
}

Result<HttpResponse> RestClient::Send(HttpRequest request) {
  for (const auto& header : options_.headers) request.headers.push_back(header);
  request.headers.emplace_back("Accept", "application/json");
  const HttpLimits limits{.connect_time_max = options_.connect_time_max,
                          .request_time_max = options_.request_time_max,
                          .response_bytes_max = options_.response_bytes_max};
  metrics_.requests.Add();
  const int64_t started_us = clock_.MonotonicUs();
  auto response = Exchange(request, limits, [this] { return stopping(); });
  metrics_.seconds.ObserveUs(clock_.MonotonicUs() - started_us);
  return response;
}

Result<RestAnswer> RestClient::Call(const RestCall& call) {
  RETURN_IF_ERROR(CheckDown());
  ASSIGN_OR_RETURN(const std::string prefix, Prefix());
  return CallAt(call, options_.uri + "/v1/" + (prefix.empty() ? "" : prefix + "/") + call.path);
}

Result<RestAnswer> RestClient::CallAt(const RestCall& call, const std::string& url) {
  bool renewed = false;
  Error last;
  const int attempts = call.attempts_max > 0 ? std::min(call.attempts_max, options_.attempts_max)
                                             : options_.attempts_max;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) metrics_.retries.Add();
    Outcome outcome = Try(call, url, renewed);
    if (outcome.done) {
      if (!outcome.done->ok() && outcome.done->code() != ErrorCode::kCancelled)
        metrics_.failures.Add();
      if (outcome.done->code() == ErrorCode::kCommitStateUnknown) metrics_.unknown.Add();
      return *std::move(outcome.done);
    }
    last = std::move(outcome.error);
    if (attempt + 1 < attempts && !Wait(outcome.wait_ms, attempt))
      return Fail(ErrorCode::kCancelled, "the server is stopping");
  }
  metrics_.failures.Add();
  Status failed = Failure(Error{ErrorCode::kNetworkException, last.message});
  Note(failed);
  return Forward(std::move(failed));
}

RestClient::Outcome RestClient::Try(const RestCall& call, const std::string& url, bool& renewed) {
  Outcome out;
  const auto token = Token();
  if (!token.ok()) {
    if (token.code() == ErrorCode::kNetworkException) {
      out.error = token.error();
    } else {
      out.done = Forward(token);
    }
    return out;
  }
  HttpRequest request{.method = call.method, .url = url};
  if (!token->empty()) request.headers.emplace_back("Authorization", "Bearer " + *token);
  if (!call.etag.empty()) request.headers.emplace_back("If-None-Match", call.etag);
  if (call.body) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = json::serialize(*call.body);
  }
  auto response = Send(std::move(request));
  if (!response.ok()) {
    out.error = response.error();
    if (response.code() == ErrorCode::kRequestTimeOut && call.repeat == Repeat::kMustNot) {
      out.done = Fail(ErrorCode::kCommitStateUnknown,
                      "the external catalog did not say whether it happened: {}",
                      response.error().message);
    } else if (response.code() == ErrorCode::kCancelled) {
      // What was sent may have arrived.
      out.done = call.repeat == Repeat::kMay
                     ? Fail(ErrorCode::kCancelled, "the server is stopping")
                     : Fail(ErrorCode::kCommitStateUnknown, "the server is stopping");
    }
    return out;
  }
  const bool expired = response->status == kUnauthorized || response->status == kTokenExpired;
  if (expired && !options_.credential.empty() && !renewed) {
    renewed = true;
    ForgetToken(*token);
    out = Try(call, url, renewed);
    return out;
  }
  return Judge(call, *std::move(response));
}

RestClient::Outcome RestClient::Judge(const RestCall& call, HttpResponse response) {
  Outcome out;
  const int status = response.status;
  if (status == kTooMany || status >= kServerErrors) {
    out.error = {ErrorCode::kNetworkException, fmt::format("the external catalog answers {}: {}",
                                                           status, secrets_.Hide(response.body))};
    const std::string_view after = response.Header("Retry-After");
    int64_t seconds = 0;
    std::from_chars(after.data(), after.data() + after.size(), seconds);
    out.wait_ms = std::clamp<int64_t>(seconds, 0, 3600) * 1000;
    // Only "too many requests" promises that nothing was done.
    if (status != kTooMany && call.repeat == Repeat::kMustNot) {
      Note({});
      out.done =
          Fail(ErrorCode::kCommitStateUnknown,
               "the external catalog did not say whether it happened: {}", out.error.message);
    }
    return out;
  }
  Note({});
  RestAnswer answer{.status = status, .body = {}, .etag = std::string(response.Header("ETag"))};
  if (status != kNoContent && status != kNotModified && !response.body.empty()) {
    auto body = ParseJson(response.body, options_.response_bytes_max);
    if (body.ok()) {
      answer.body = *std::move(body);
    } else if (status == kOk) {
      // It was carried out, whatever the answer says.
      out.done = Fail(call.repeat == Repeat::kMay ? ErrorCode::kUnknownServerError
                                                  : ErrorCode::kCommitStateUnknown,
                      "the external catalog's answer is not JSON: {}", body.error().message);
      return out;
    }
  }
  if (status == kOk || status == kNoContent || status == kNotModified) {
    out.done = std::move(answer);
  } else {
    out.done = Refused(status, answer.body);
  }
  return out;
}

Failure RestClient::Refused(int status, const json::value& body) const {
  const json::object* object = body.if_object();
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  const std::string type = error == nullptr ? "" : TextOf(*error, "type");
  std::string message =
      error == nullptr ? TextOf(body, "error_description") : TextOf(*error, "message");
  message = secrets_.Hide(message.empty() ? "(no message)" : message);
  if (status == kUnauthorized || status == kTokenExpired)
    return Fail(ErrorCode::kAuthenticate,
                "the external catalog refuses the credential or token: {}", message);
  if (status == kForbidden)
    return Fail(ErrorCode::kAuthorization, "the external catalog forbids it: {}", message);
  // Only the catalog can say that something is missing; a 404 without its error is of somebody before it.
  if (status == kNotFound && type.empty())
    return Fail(ErrorCode::kNetworkException,
                "no Iceberg REST catalog answers at this address: 404 of {}", options_.uri);
  if (status == kNotFound) {
    const bool name_space = type.find("Namespace") != std::string::npos;
    return Fail(name_space ? ErrorCode::kDatabaseNotExist : ErrorCode::kTableNotExist,
                "the external catalog: {}", message);
  }
  if (status == kConflict)
    return Fail(ErrorCode::kCommitConflict, "the external catalog: {}", message);
  return Fail(ErrorCode::kInvalidTable, "the external catalog answers {}: {}", status, message);
}

// ---- Its configuration and tokens --------------------------------------------------------------------------

Result<std::string> RestClient::Prefix() {
  {
    const std::lock_guard lock(mutex_);
    if (prefix_) return *prefix_;
  }
  std::string url = options_.uri + "/v1/config";
  if (!warehouse_.empty()) url += "?warehouse=" + EncodeUrlPart(warehouse_);
  const auto answered = CallAt({}, url);
  if (answered.code() == ErrorCode::kTableNotExist ||
      answered.code() == ErrorCode::kDatabaseNotExist)
    return Fail(ErrorCode::kInvalidConfig, "datalake.iceberg.warehouse: {}",
                answered.error().message);
  ASSIGN_OR_RETURN(const RestAnswer answer, answered);
  // Addresses and secrets in there are not followed: they would lead the credential elsewhere.
  StringMap defaults;
  StringMap overrides;
  JsonFields in(answer.body, "the external catalog's configuration");
  in.Get("defaults", defaults);
  in.Get("overrides", overrides);
  RETURN_IF_ERROR(in.status());
  std::string prefix = options_.prefix;
  if (prefix.empty() && defaults.contains("prefix")) prefix = defaults["prefix"];
  if (overrides.contains("prefix")) prefix = overrides["prefix"];
  const bool bad = std::ranges::any_of(
      prefix, [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '?' || c == '#'; });
  if (bad || prefix.size() > 1000 || prefix.find("..") != std::string::npos)
    return Fail(ErrorCode::kUnknownServerError, "the external catalog's prefix is no path");
  const std::lock_guard lock(mutex_);
  return *(prefix_ = std::move(prefix));
}

Result<std::string> RestClient::Token() {
  const std::lock_guard lock(token_mutex_);
  if (options_.credential.empty()) return token_;
  if (!token_.empty() && clock_.MonotonicUs() < renew_at_us_) return token_;
  ASSIGN_OR_RETURN(token_, NewToken());
  return token_;
}

void RestClient::ForgetToken(const std::string& token) {
  const std::lock_guard lock(token_mutex_);
  if (token_ == token) token_.clear();
}

Result<std::string> RestClient::NewToken() {
  const size_t colon = options_.credential.find(':');
  FormFields fields{{"grant_type", "client_credentials"}};
  if (colon != std::string::npos)
    fields.emplace_back("client_id", options_.credential.substr(0, colon));
  fields.emplace_back("client_secret",
                      options_.credential.substr(colon == std::string::npos ? 0 : colon + 1));
  if (!options_.scope.empty()) fields.emplace_back("scope", options_.scope);
  const int64_t asked_us = clock_.MonotonicUs();
  const auto response = Send({.method = "POST",
                              .url = options_.token_uri,
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                              .body = EncodeForm(fields)});
  if (!response.ok()) {
    if (response.code() == ErrorCode::kCancelled) return Forward(response);
    return Fail(ErrorCode::kNetworkException, "no token: {}", response.error().message);
  }
  if (response->status == kTooMany || response->status == kUnavailable ||
      response->status >= kServerErrors)
    return Fail(ErrorCode::kNetworkException, "no token: the token service answers {}",
                response->status);
  const auto body = ParseJson(response->body, kTokenBytesMax);
  if (response->status != kOk) {
    std::string why;
    if (body.ok()) why = TextOf(*body, "error_description");
    if (body.ok() && why.empty()) why = TextOf(*body, "error");
    return Fail(ErrorCode::kAuthenticate,
                "the token service refuses the credential (datalake.iceberg.credential): {} {}",
                response->status, secrets_.Hide(why));
  }
  const std::string token = body.ok() ? TextOf(*body, "access_token") : "";
  if (token.empty() || !IsHeaderText(token))
    return Fail(ErrorCode::kUnknownServerError, "the token service's answer has no token");
  secrets_.Add(token);
  int64_t seconds = kTokenSecondsDefault;
  if (const json::value* expires = body->as_object().if_contains("expires_in")) {
    if (expires->is_int64())
      seconds = std::clamp<int64_t>(expires->get_int64(), 1, kTokenSecondsMax);
  }
  // Before it ends, so that a request on its way does not meet the end.
  renew_at_us_ = asked_us + seconds * 800'000;
  return token;
}

}  // namespace weir::iceberg
