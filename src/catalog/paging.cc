#include "catalog/paging.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>

#include "base/hex.h"

namespace weir::iceberg {
namespace {

constexpr size_t kPageSizeDefault = 1000;

RestResult<size_t> PageSizeOf(const RestRequest& request) {
  const auto text = request.Parameter("pageSize");
  if (!text) return kPageSizeDefault;
  size_t size = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
  if (error != std::errc() || end != text->data() + text->size() || size == 0)
    return Refuse(RestErrorKind::kBadRequest, "pageSize is a positive number: value={:.40}", *text);
  return size;
}

}  // namespace

RestResult<std::vector<std::string>> PageOf(std::vector<std::string> names,
                                            const RestRequest& request,
                                            boost::json::object& answer) {
  std::ranges::sort(names);
  const auto token = request.Parameter("pageToken");
  if (!token) return names;
  ASSIGN_OR_RETURN(const size_t size, PageSizeOf(request));
  // The token is the last name of the page before; in hexadecimal, so that nobody takes it for one.
  const auto after = FromHex(*token);
  if (!after) return Refuse(RestErrorKind::kBadRequest, "pageToken was not given out here");
  names.erase(names.begin(),
              token->empty() ? names.begin() : std::ranges::upper_bound(names, *after));
  if (names.size() > size) {
    names.resize(size);
    answer["next-page-token"] = ToHex(names.back());
  }
  return names;
}

}  // namespace weir::iceberg
