// What an HTTP request to /v1/sql asks for, and how errors and results are named in HTTP. Plain
// functions. Documentation for users: docs/sql.md, docs/formats/sql_http.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/result_stream.h"

namespace weir {

/// The parts of an HTTP request that matter here.
struct HttpSqlRequest {
  std::string_view content_type;
  std::string_view accept;
  std::string_view query;  // behind '?', not decoded
  std::string_view body;
};

/// Body: SQL text, or with Content-Type application/json {"sql": …, "database": …, "values": "text"
/// | "json"}. Accept chooses the format: Arrow stream, JSON lines (the default), CSV, frames.
/// Errors  kSqlSyntax  not such a body;  kUnsupportedVersion  no such format
Result<SqlRequest> ParseSqlRequest(const HttpSqlRequest& request);

/// "application/x-ndjson" and so on.
std::string_view ContentTypeOf(ResultFormat format);

/// The HTTP status of an error.
int HttpStatusOf(ErrorCode code);

/// {"error":{"code":"TABLE_NOT_EXIST","message":"…"}}
std::string ErrorBody(const Error& error);

struct BasicCredentials {
  std::string user;
  std::string password;
};

/// Of an Authorization header. Errors  kAuthenticate
Result<BasicCredentials> ParseBasicCredentials(std::string_view header);
/// The token of an Authorization header of the scheme Bearer.
std::optional<std::string_view> ParseBearer(std::string_view header);

}  // namespace weir
