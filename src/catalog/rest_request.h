// A request and an answer of the Iceberg REST catalog without HTTP around them: web/ fills the one and sends
// the other. Plain values.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/rest_result.h"

namespace weir::iceberg {

/// Headers that mean something here; empty when absent.
struct RestHeaders {
  std::string if_none_match;
  std::string idempotency_key;
  std::string access_delegation;  // X-Iceberg-Access-Delegation
};

struct RestRequest {
  std::string method;
  std::string path;   // "/v1/namespaces/a%1Fb", as sent
  std::string query;  // behind '?', as sent
  RestHeaders headers;
  std::string body;
  /// Who the Authorization header proves to be; nothing when nobody is asked or it proves nothing.
  std::optional<std::string> user;

  // From the path, decoded; filled by FindEndpoint.
  std::vector<std::string> levels;  // of {namespace}
  std::string name;                 // {table} or {view}
  std::string plan_id;

  /// The first value of a query parameter, decoded; nothing when it is not there.
  std::optional<std::string> Parameter(std::string_view key) const;
  /// "true" or "false" (any case), or `otherwise` when absent.
  /// Errors  kBadRequest
  RestResult<bool> Flag(std::string_view key, bool otherwise) const;

  /// The body, which must be a JSON object. Errors  kBadRequest
  RestResult<boost::json::object> Json() const;
};

struct RestResponse {
  int status = 200;
  std::string body;  // JSON; empty with 204 and 304
  std::string etag;

  static RestResponse NoContent() { return {.status = 204, .body = {}, .etag = {}}; }
  static RestResponse Of(const boost::json::object& body);
  static RestResponse Of(const RestError& error);
};

/// Undo %XX; with `plus_is_space` also '+', as in queries and forms. A broken escape stays as it is.
std::string PercentDecode(std::string_view text, bool plus_is_space);

/// "a=1&b=2" of a query or a form, decoded. The first of equal keys wins.
std::map<std::string, std::string, std::less<>> ParseForm(std::string_view text);

/// A namespace as one string: levels with 0x1F between them.
std::vector<std::string> SplitLevels(std::string_view text);

// Members of JSON bodies. Errors of all: kBadRequest, with the key.

RestResult<std::string> StringMember(const boost::json::object& object, std::string_view key);
RestResult<std::optional<std::string>> OptionalStringMember(const boost::json::object& object,
                                                            std::string_view key);
RestResult<bool> FlagMember(const boost::json::object& object, std::string_view key,
                            bool otherwise);
/// Absent or null: empty.
RestResult<std::map<std::string, std::string, std::less<>>> StringMapMember(
    const boost::json::object& object, std::string_view key);
RestResult<std::vector<std::string>> StringListMember(const boost::json::object& object,
                                                      std::string_view key);

}  // namespace weir::iceberg
