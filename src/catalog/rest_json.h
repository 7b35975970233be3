// Small pieces of JSON that several operations of the REST catalog read and write.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "catalog/rest_request.h"
#include "lake/lake_catalog.h"

namespace weir::iceberg {

boost::json::array ToJson(const std::vector<std::string>& texts);
boost::json::object ToJson(const StringMap& map);
/// {"namespace": ["a", "b"], "name": "t"}
boost::json::object ToJson(const Ident& ident);

/// Errors of all  kBadRequest

/// ["a", "b"]: not empty, and no level is.
RestResult<Namespace> LevelsMember(const boost::json::object& object, std::string_view key);
RestResult<Ident> IdentMember(const boost::json::object& object, std::string_view key);
/// An object or an array of any kind.
RestResult<const boost::json::value*> Member(const boost::json::object& object,
                                             std::string_view key);
RestResult<const boost::json::array*> ArrayMember(const boost::json::object& object,
                                                  std::string_view key);

/// The "identifiers" of a list of tables or views, in pages.
RestResult<RestResponse> ListOf(const std::vector<Ident>& idents, const RestRequest& request);

/// "source" and "destination" of a rename.
struct Renaming {
  Ident from;
  Ident to;
};
RestResult<Renaming> RenamingOf(const RestRequest& request);

}  // namespace weir::iceberg
