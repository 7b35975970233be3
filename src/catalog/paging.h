// Lists in pages, as the REST specification has them: a client that sends pageToken (empty the first time) gets at
// most pageSize names and next-page-token; one that does not gets all. Pages are cut by name, so a list that
// changes meanwhile repeats and skips nothing that stays.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "catalog/rest_request.h"

namespace weir::iceberg {

/// The page of `names` (sorted here) that `request` asks for. Sets "next-page-token" of `answer` when there is
/// more. Errors  kBadRequest  pageSize is no positive number, or a page token is not ours
RestResult<std::vector<std::string>> PageOf(std::vector<std::string> names,
                                            const RestRequest& request,
                                            boost::json::object& answer);

}  // namespace weir::iceberg
