#include "catalog/config_endpoints.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "catalog/rest_context.h"
#include "catalog/token_issuer.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

json::string_view View(std::string_view text) { return {text.data(), text.size()}; }

/// ISO 8601: "PT1800S".
std::string Duration(std::chrono::milliseconds time) {
  return fmt::format("PT{}S", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

RestResponse OAuthFailure(int status, std::string_view error, std::string_view description) {
  RestResponse response = RestResponse::Of(
      json::object{{"error", View(error)}, {"error_description", View(description)}});
  response.status = status;
  return response;
}

using Form = std::map<std::string, std::string, std::less<>>;

std::string Take(const Form& form, std::string_view key) {
  const auto found = form.find(key);
  return found == form.end() ? "" : found->second;
}

bool MayComeIn(const RestContext& context, std::string_view user, std::string_view password) {
  return !context.authenticate || context.authenticate(user, password);
}

/// Who asks: by the form's credentials, an older token of ours, or the Authorization header.
Result<std::string> UserOf(const RestContext& context, const RestRequest& request,
                           const Form& form) {
  const std::string user = Take(form, "client_id");
  if (!user.empty()) {
    if (MayComeIn(context, user, Take(form, "client_secret"))) return user;
    return Fail(ErrorCode::kAuthenticate, "wrong client id or secret");
  }
  if (request.user) return *request.user;
  const std::string token = Take(form, "subject_token");
  if (token.empty() && context.authenticate)
    return Fail(ErrorCode::kAuthenticate, "no client id: 'credential' is 'USER:PASSWORD'");
  auto known = context.tokens.UserOf(token);
  if (!known.ok() && !context.authenticate) return std::string("anybody");
  return known;
}

}  // namespace

RestResult<RestResponse> GetConfig(RestContext& context, const RestRequest&) {
  json::array endpoints;
  for (const Endpoint& endpoint : Endpoints()) {
    if (endpoint.path.find("{prefix}") == std::string_view::npos) continue;
    endpoints.emplace_back(fmt::format("{} {}", endpoint.method, endpoint.path));
  }
  json::object defaults;
  for (const auto& [key, value] : context.file_settings) defaults[key] = value;
  // A default, not an override: who wants the committed snapshot only says "client".
  if (context.options.plan_scans) defaults["scan-planning-mode"] = "server";
  return RestResponse::Of(
      json::object{{"defaults", std::move(defaults)},
                   {"overrides", json::object{}},
                   {"idempotency-key-lifetime", Duration(context.options.idempotency_lifetime)},
                   {"endpoints", std::move(endpoints)}});
}

RestResult<RestResponse> GetToken(RestContext& context, const RestRequest& request) {
  const Form form = ParseForm(request.body);
  const std::string grant = Take(form, "grant_type");
  if (grant != "client_credentials" && grant != kTokenExchange)
    return OAuthFailure(400, "unsupported_grant_type",
                        "grant_type is client_credentials or token-exchange");
  const auto user = UserOf(context, request, form);
  if (!user.ok()) return OAuthFailure(401, "invalid_client", user.error().message);
  const std::string scope = Take(form, "scope");
  return RestResponse::Of(json::object{{"access_token", context.tokens.Issue(*user)},
                                       {"token_type", "bearer"},
                                       {"expires_in", context.tokens.lifetime().count()},
                                       {"issued_token_type", View(kAccessToken)},
                                       {"scope", scope.empty() ? "catalog" : scope}});
}

}  // namespace weir::iceberg
