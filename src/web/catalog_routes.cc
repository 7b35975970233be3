#include "web/catalog_routes.h"

#include <boost/beast/http.hpp>

#include "catalog/rest_catalog.h"

namespace weir {
namespace {

namespace http = boost::beast::http;
using iceberg::RestError;
using iceberg::RestErrorKind;
using iceberg::RestResponse;

constexpr std::string_view kBase = "/api/catalog";

std::string Header(const http::request<http::string_body>& request, http::field name) {
  return std::string(request[name]);
}

std::string Header(const http::request<http::string_body>& request, std::string_view name) {
  return std::string(request[boost::beast::string_view(name.data(), name.size())]);
}

/// A request counts as long as this lives, however it ends.
class UnderWay {
 public:
  explicit UnderWay(int& requests) : requests_(requests) { ++requests_; }
  ~UnderWay() { --requests_; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  int& requests_;
};

}  // namespace

std::string_view CatalogPath(std::string_view path) { return path.substr(kBase.size()); }

iceberg::RestRequest ToCatalogRequest(const http::request<http::string_body>& request,
                                      std::string_view path, std::string_view query) {
  iceberg::RestRequest out;
  out.method = std::string(request.method_string());
  out.path = CatalogPath(path);
  out.query = query;
  out.headers = {.if_none_match = Header(request, http::field::if_none_match),
                 .idempotency_key = Header(request, "Idempotency-Key"),
                 .access_delegation = Header(request, "X-Iceberg-Access-Delegation")};
  out.body = request.body();
  return out;
}

Task<RestResponse> AnswerCatalog(WebContext& context, iceberg::RestRequest request,
                                 Result<std::string> user) {
  iceberg::RestCatalog* catalog = context.parts.catalog;
  if (catalog == nullptr) {
    co_return RestResponse::Of(
        RestError(RestErrorKind::kServiceUnavailable, "this server has no lake"));
  }
  if (!context.parts.external_catalog.empty()) {
    co_return RestResponse::Of(RestError(
        RestErrorKind::kUnsupported,
        "the tables of this server are in another catalog: " + context.parts.external_catalog));
  }
  if (!user.ok() && iceberg::RestCatalog::NeedsUser(request.path))
    co_return RestResponse::Of(RestError(RestErrorKind::kNotAuthorized, user.error().message));
  if (user.ok() && !user->empty()) request.user = *std::move(user);
  if (context.stopping || context.catalog_requests >= context.options.catalog_requests_max) {
    co_return RestResponse::Of(RestError(
        RestErrorKind::kServiceUnavailable,
        fmt::format("too many requests: at_most={}", context.options.catalog_requests_max)));
  }
  const UnderWay slot(context.catalog_requests);
  co_return co_await context.catalog_pool().Run([catalog, request = std::move(request)]() mutable {
    return catalog->Handle(std::move(request));
  });
}

}  // namespace weir
