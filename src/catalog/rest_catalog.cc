#include "catalog/rest_catalog.h"

#include <exception>

#include "base/log.h"
#include "catalog/endpoints.h"
#include "catalog/idempotency_keys.h"
#include "catalog/live_tables.h"
#include "catalog/plan_store.h"
#include "catalog/rest_context.h"
#include "catalog/token_issuer.h"

namespace weir::iceberg {

struct RestCatalog::State {
  State(RestCatalogParts parts, RestOptions o, TokenIssuer issuer, const Clock& c)
      : clock(c),
        options(o),
        metrics(parts.metrics),
        tokens(std::move(issuer)),
        keys(parts.store, options.idempotency_lifetime, clock),
        live(parts.lake, parts.live_files, parts.metrics, options.live_lifetime, clock),
        plans(clock),
        context{.lake = parts.lake,
                .live = live,
                .plans = plans,
                .tokens = tokens,
                .keys = keys,
                .options = options,
                .metrics = metrics,
                .authenticate = std::move(parts.authenticate),
                .file_settings = std::move(parts.file_settings),
                .file_secrets = std::move(parts.file_secrets)} {}

  const Clock& clock;
  const RestOptions options;
  RestMetrics metrics;
  const TokenIssuer tokens;
  IdempotencyKeys keys;
  LiveTables live;
  PlanStore plans;
  RestContext context;

  RestResponse Run(RestOperation operation, const RestRequest& request);
  RestResponse RunOnce(const Endpoint& endpoint, const RestRequest& request);
  RestResponse Handle(RestRequest& request);
};

namespace {

/// What a library throws is an error of ours. Nobody knows whether it came before or after a commit.
RestResult<RestResponse> RunGuarded(RestOperation operation, RestContext& context,
                                    const RestRequest& request) {
  try {
    return operation(context, request);
  } catch (const std::exception& thrown) {
    return Refuse(RestErrorKind::kCommitStateUnknown, "internal error: {}", thrown.what());
  }
}

/// A request that has its key: gives it back should no answer come.
class RunningKey {
 public:
  RunningKey(IdempotencyKeys& keys, const RestRequest& request) : keys_(keys), request_(request) {}
  ~RunningKey() {
    if (!finished_) keys_.Abandon(request_);
  }
  RunningKey(const RunningKey&) = delete;
  RunningKey& operator=(const RunningKey&) = delete;

  void Finish(const RestResponse& response) {
    keys_.Finish(request_, response);
    finished_ = true;
  }

 private:
  IdempotencyKeys& keys_;
  const RestRequest& request_;
  bool finished_ = false;
};

}  // namespace

RestResponse RestCatalog::State::Run(RestOperation operation, const RestRequest& request) {
  auto response = RunGuarded(operation, context, request);
  if (response.ok()) return *std::move(response);
  const RestError& error = response.error();
  if (error.status() >= 500) {
    metrics.failures.Add();
    LogWarn("catalog", "a request failed: method={} path={:.200} type={} error=\"{}\"",
            request.method, request.path, error.type(), error.message);
  }
  return RestResponse::Of(error);
}

RestResponse RestCatalog::State::RunOnce(const Endpoint& endpoint, const RestRequest& request) {
  auto past = keys.Begin(request);
  if (!past.ok()) return RestResponse::Of(past.error());
  if (past->answer) return *std::move(past->answer);
  RunningKey running(keys, request);
  RestResponse response =
      Run(past->committed && endpoint.again ? endpoint.again : endpoint.run, request);
  running.Finish(response);
  return response;
}

RestResponse RestCatalog::State::Handle(RestRequest& request) {
  const auto endpoint = FindEndpoint(request);
  if (!endpoint.ok()) return RestResponse::Of(endpoint.error());
  const bool once =
      (*endpoint)->effect == Effect::kChanges && !request.headers.idempotency_key.empty();
  return once ? RunOnce(**endpoint, request) : Run((*endpoint)->run, request);
}

RestCatalog::RestCatalog(std::unique_ptr<State> state) : state_(std::move(state)) {}
RestCatalog::~RestCatalog() = default;

Result<std::unique_ptr<RestCatalog>> RestCatalog::Open(RestCatalogParts parts, RestOptions options,
                                                       const Clock& clock) {
  ASSIGN_OR_RETURN(
      TokenIssuer tokens,
      TokenIssuer::Open(parts.store,
                        std::chrono::duration_cast<std::chrono::seconds>(options.token_lifetime),
                        clock));
  return std::unique_ptr<RestCatalog>(new RestCatalog(
      std::make_unique<State>(std::move(parts), options, std::move(tokens), clock)));
}

bool RestCatalog::NeedsUser(std::string_view path) { return path != "/v1/oauth/tokens"; }

Result<std::string> RestCatalog::UserOfToken(std::string_view token) const {
  return state_->tokens.UserOf(token);
}

void RestCatalog::SetHotRows(HotRows* rows) { state_->live.SetHotRows(rows); }

void RestCatalog::Sweep() { state_->live.Sweep(); }

RestResponse RestCatalog::Handle(RestRequest request) {
  const int64_t started_us = state_->clock.MonotonicUs();
  state_->metrics.requests.Add();
  RestResponse response = state_->Handle(request);
  state_->metrics.request_seconds.ObserveUs(state_->clock.MonotonicUs() - started_us);
  return response;
}

}  // namespace weir::iceberg
