#include "catalog/rest_json.h"

#include <algorithm>

#include "catalog/paging.h"

namespace weir::iceberg {

namespace json = boost::json;

json::array ToJson(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::object ToJson(const StringMap& map) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}

json::object ToJson(const Ident& ident) {
  return {{"namespace", ToJson(ident.levels)}, {"name", ident.name}};
}

RestResult<Namespace> LevelsMember(const json::object& object, std::string_view key) {
  ASSIGN_OR_RETURN(Namespace levels, StringListMember(object, key));
  if (levels.empty() || std::ranges::any_of(levels, &std::string::empty))
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" needs at least one level, none empty", key);
  return levels;
}

RestResult<const json::value*> Member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" is missing", key);
  return value;
}

RestResult<const json::array*> ArrayMember(const json::object& object, std::string_view key) {
  ASSIGN_OR_RETURN(const json::value* value, Member(object, key));
  if (!value->is_array()) return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be an array", key);
  return &value->as_array();
}

RestResult<Ident> IdentMember(const json::object& object, std::string_view key) {
  ASSIGN_OR_RETURN(const json::value* value, Member(object, key));
  if (!value->is_object())
    return Refuse(RestErrorKind::kBadRequest, "\"{}\" must be an object", key);
  Ident ident;
  ASSIGN_OR_RETURN(ident.levels, LevelsMember(value->as_object(), "namespace"));
  ASSIGN_OR_RETURN(ident.name, StringMember(value->as_object(), "name"));
  if (ident.name.empty())
    return Refuse(RestErrorKind::kBadRequest, "the name in \"{}\" is empty", key);
  return ident;
}

RestResult<RestResponse> ListOf(const std::vector<Ident>& idents, const RestRequest& request) {
  std::vector<std::string> names;
  for (const Ident& ident : idents) names.push_back(ident.name);
  json::object answer;
  ASSIGN_OR_RETURN(names, PageOf(std::move(names), request, answer));
  json::array list;
  for (const std::string& name : names)
    list.emplace_back(ToJson(Ident{.levels = request.levels, .name = name}));
  answer["identifiers"] = std::move(list);
  return RestResponse::Of(answer);
}

RestResult<Renaming> RenamingOf(const RestRequest& request) {
  ASSIGN_OR_RETURN(const json::object body, request.Json());
  Renaming out;
  ASSIGN_OR_RETURN(out.from, IdentMember(body, "source"));
  ASSIGN_OR_RETURN(out.to, IdentMember(body, "destination"));
  return out;
}

}  // namespace weir::iceberg
