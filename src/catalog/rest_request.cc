#include "catalog/rest_request.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/utf8.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr char kLevelSeparator = '\x1f';

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const json::value* Find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string Text(const json::value& value) {
  return {value.as_string().data(), value.as_string().size()};
}

}  // namespace

std::optional<std::string> RestRequest::Parameter(std::string_view key) const {
  auto parameters = ParseForm(query);
  const auto found = parameters.find(key);
  if (found == parameters.end()) return std::nullopt;
  return std::move(found->second);
}

RestResult<bool> RestRequest::Flag(std::string_view key, bool otherwise) const {
  const auto value = Parameter(key);
  if (!value) return otherwise;
  std::string lower = *value;
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "true") return true;
  if (lower == "false") return false;
  return Refuse(RestErrorKind::kBadRequest, "{} is true or false: value={:.40}", key, *value);
}

RestResult<json::object> RestRequest::Json() const {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 128;  // more than any schema or filter that we take has
  json::value value = json::parse(json::string_view(body.data(), body.size()), error, {}, options);
  if (error) return Refuse(RestErrorKind::kBadRequest, "the body is not JSON: {}", error.message());
  if (!value.is_object())
    return Refuse(RestErrorKind::kBadRequest, "the body is not a JSON object");
  return std::move(value.as_object());
}

RestResponse RestResponse::Of(const json::object& body) {
  // Names in paths and fields of forms are not checked as JSON bodies are.
  return {.status = 200, .body = ToUtf8(json::serialize(body)), .etag = {}};
}

RestResponse RestResponse::Of(const RestError& error) {
  return {.status = error.status(), .body = error.ToJson(), .etag = {}};
}

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string, std::less<>> ParseForm(std::string_view text) {
  std::map<std::string, std::string, std::less<>> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      out.try_emplace(PercentDecode(pair.substr(0, equals), true),
                      PercentDecode(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string> SplitLevels(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  while (true) {
    const size_t end = text.find(kLevelSeparator);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

RestResult<std::string> StringMember(const json::object& object, std::string_view key) {
  ASSIGN_OR_RETURN(auto value, OptionalStringMember(object, key));
  if (!value) return Refuse(RestErrorKind::kBadRequest, "\"{}\" is missing", key);
  return *std::move(value);
}

RestResult<std::optional<std::string>> OptionalStringMember(const json::object& object,
                                                            std::string_view key) {
  const json::value* value = Find(object, key);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be a string", key);
  return std::optional<std::string>(Text(*value));
}

RestResult<bool> FlagMember(const json::object& object, std::string_view key, bool otherwise) {
  const json::value* value = Find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be true or false", key);
  return value->as_bool();
}

RestResult<std::map<std::string, std::string, std::less<>>> StringMapMember(
    const json::object& object, std::string_view key) {
  std::map<std::string, std::string, std::less<>> out;
  const json::value* value = Find(object, key);
  if (value == nullptr) return out;
  if (!value->is_object())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be an object", key);
  for (const auto& [name, text] : value->as_object()) {
    if (!text.is_string())
      return Refuse(RestErrorKind::kBadRequest, "values of \"{}\" must be strings", key);
    out.emplace(std::string(name.data(), name.size()), Text(text));
  }
  return out;
}

RestResult<std::vector<std::string>> StringListMember(const json::object& object,
                                                      std::string_view key) {
  std::vector<std::string> out;
  const json::value* value = Find(object, key);
  if (value == nullptr) return out;
  if (!value->is_array()) return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be an array", key);
  for (const json::value& text : value->as_array()) {
    if (!text.is_string())
      return Refuse(RestErrorKind::kBadRequest, "members of \"{}\" must be strings", key);
    out.push_back(Text(text));
  }
  return out;
}

}  // namespace weir::iceberg
