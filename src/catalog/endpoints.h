// Every operation of the REST catalog: one row each, looked up by method and path, announced in /v1/config.
// To add one: a function beside its kin, and a row in endpoints.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "catalog/rest_request.h"

namespace weir::iceberg {

struct RestContext;

using RestOperation = RestResult<RestResponse> (*)(RestContext& context,
                                                   const RestRequest& request);

/// Whether repeating a request could do something twice; then an Idempotency-Key counts.
enum class Effect : uint8_t { kReads, kChanges };
struct Endpoint {
  std::string_view method;
  /// As in the OpenAPI document: "/v1/{prefix}/namespaces/{namespace}".
  std::string_view path;
  RestOperation run;
  Effect effect = Effect::kReads;
  /// What answers a repeated request whose commit is known to have happened before the last start.
  RestOperation again = nullptr;
};

std::span<const Endpoint> Endpoints();

/// "GET, POST": the methods that `path` takes; empty when there is no such path.
std::string AllowedMethods(std::string_view path);

/// The endpoint of request.method and request.path; fills in what the path names. {prefix} may be left out.
/// Errors  kNotFound  no such path;  kMethodNotAllowed  not with this method;  kBadRequest  an empty name
RestResult<const Endpoint*> FindEndpoint(RestRequest& request);

}  // namespace weir::iceberg
