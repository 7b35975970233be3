#include "web/sql_request.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.h"

namespace weir {
namespace {

struct FormatName {
  std::string_view media_type;
  ResultFormat format;
};

// In the order in which they are looked for in Accept.
constexpr std::array<FormatName, 6> kFormats = {{
    {"application/vnd.apache.arrow.stream", ResultFormat::kArrowStream},
    {"application/vnd.weir.frames+json", ResultFormat::kFrames},
    {"application/x-ndjson", ResultFormat::kJsonLines},
    {"application/jsonl", ResultFormat::kJsonLines},
    {"application/json", ResultFormat::kJsonLines},
    {"text/csv", ResultFormat::kCsv},
}};

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<ResultFormat> FormatOf(std::string_view accept) {
  const std::string wanted = Lower(accept);
  for (const FormatName& one : kFormats) {
    if (wanted.find(one.media_type) != std::string::npos) return one.format;
  }
  if (wanted.empty() || wanted.find("*/*") != std::string::npos ||
      wanted.find("application/*") != std::string::npos)
    return ResultFormat::kJsonLines;
  return Fail(ErrorCode::kUnsupportedVersion, "no such result format: accept={:.100}", accept);
}

Result<std::string> TextField(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Fail(ErrorCode::kSqlSyntax, "\"{}\" must be a string", key);
  return std::string(value->as_string());
}

Status TakeJson(std::string_view body, SqlRequest& out) {
  boost::system::error_code error;
  const boost::json::value document =
      boost::json::parse(boost::json::string_view(body.data(), body.size()), error);
  if (error || !document.is_object())
    return Fail(ErrorCode::kSqlSyntax, "the body is not a JSON object with \"sql\": {}",
                error.message());
  const boost::json::object& object = document.as_object();
  ASSIGN_OR_RETURN(out.text, TextField(object, "sql"));
  ASSIGN_OR_RETURN(const std::string database, TextField(object, "database"));
  if (!database.empty()) out.database = database;
  ASSIGN_OR_RETURN(const std::string values, TextField(object, "values"));
  if (!values.empty() && values != "text" && values != "json")
    return Fail(ErrorCode::kSqlSyntax, "\"values\" is \"text\" or \"json\": values={:.40}", values);
  out.frame_values_as_json = values == "json";
  return {};
}

/// database=x of a query string; names need no decoding.
std::string DatabaseOf(std::string_view query) {
  constexpr std::string_view kKey = "database=";
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    if (query.starts_with(kKey)) return std::string(query.substr(kKey.size(), end - kKey.size()));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return "";
}

}  // namespace

Result<SqlRequest> ParseSqlRequest(const HttpSqlRequest& request) {
  SqlRequest out;
  ASSIGN_OR_RETURN(out.format, FormatOf(request.accept));
  out.database = DatabaseOf(request.query);
  if (Lower(request.content_type).find("json") != std::string::npos) {
    RETURN_IF_ERROR(TakeJson(request.body, out));
  } else {
    out.text = request.body;
  }
  if (out.text.find_first_not_of(" \t\r\n;") == std::string::npos)
    return Fail(ErrorCode::kSqlSyntax,
                "the body has no statement: send SQL text, or {{\"sql\": \"…\"}} as JSON");
  return out;
}

std::string_view ContentTypeOf(ResultFormat format) {
  switch (format) {
    case ResultFormat::kArrowStream:
      return "application/vnd.apache.arrow.stream";
    case ResultFormat::kJsonLines:
      return "application/x-ndjson";
    case ResultFormat::kCsv:
      return "text/csv; charset=utf-8; header=present";
    case ResultFormat::kFrames:
      return "application/vnd.weir.frames+json";
  }
  return "application/octet-stream";
}

int HttpStatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDatabaseNotExist:
    case ErrorCode::kTableNotExist:
    case ErrorCode::kPartitionNotExists:
      return 404;
    case ErrorCode::kDatabaseAlreadyExist:
    case ErrorCode::kTableAlreadyExist:
    case ErrorCode::kPartitionAlreadyExists:
    case ErrorCode::kDatabaseNotEmpty:
      return 409;
    case ErrorCode::kAuthenticate:
      return 401;
    case ErrorCode::kAuthorization:
      return 403;
    case ErrorCode::kCancelled:
      return 408;
    case ErrorCode::kRequestTimeOut:
      return 504;
    case ErrorCode::kUnsupportedVersion:
      return 501;
    case ErrorCode::kDiskWriteLocked:
      return 507;
    case ErrorCode::kStorageBackpressure:
    case ErrorCode::kTooManyScanners:
      return 503;
    case ErrorCode::kUnknownServerError:
    case ErrorCode::kStorage:
    case ErrorCode::kLogStorage:
    case ErrorCode::kKvStorage:
      return 500;
    default:
      return 400;
  }
}

std::string ErrorBody(const Error& error) {
  const std::string_view code = Name(error.code);
  return boost::json::serialize(
             boost::json::object{{"error",
                                  {{"code", boost::json::string_view(code.data(), code.size())},
                                   {"message", ToUtf8(error.message)}}}}) +
         "\n";
}

Result<BasicCredentials> ParseBasicCredentials(std::string_view header) {
  namespace base64 = boost::beast::detail::base64;
  constexpr std::string_view kScheme = "basic ";
  if (Lower(header.substr(0, kScheme.size())) != kScheme)
    return Fail(
        ErrorCode::kAuthenticate,
        "this server asks for a user and a password: HTTP Basic, or of an Iceberg catalog "
        "'credential' = 'USER:PASSWORD' ('iceberg.credential' in a Fluss catalog of Flink)");
  const std::string_view encoded = header.substr(kScheme.size());
  std::string decoded(base64::decoded_size(encoded.size()), '\0');
  decoded.resize(base64::decode(decoded.data(), encoded.data(), encoded.size()).first);
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return Fail(ErrorCode::kAuthenticate, "malformed credentials");
  return BasicCredentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

std::optional<std::string_view> ParseBearer(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (Lower(header.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return header.substr(kScheme.size());
}

}  // namespace weir
