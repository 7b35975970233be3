// The Iceberg REST catalog over HTTP: everything below /api/catalog/ becomes a request of catalog/ and its answer is
// sent as it is. Which operations there are is a table in catalog/endpoints.cc.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "catalog/rest_request.h"
#include "web/web_context.h"

namespace weir {

/// The path below /api/catalog.
std::string_view CatalogPath(std::string_view path);

iceberg::RestRequest ToCatalogRequest(
    const boost::beast::http::request<boost::beast::http::string_body>& request,
    std::string_view path, std::string_view query);

/// Run the request on the catalog's threads, for `user` when there must be one.
Task<iceberg::RestResponse> AnswerCatalog(WebContext& context, iceberg::RestRequest request,
                                          Result<std::string> user);

}  // namespace weir
