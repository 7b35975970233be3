// Failures in the words of the Iceberg REST specification: an HTTP status, the name of the exception
// that clients turn it into, and a message. RestResult<T> is Result<T> with such an error; a Result of the
// layers below becomes one by itself, through the table in rest_result.cc.
//   ASSIGN_OR_RETURN(const auto table, lake_.LoadTable(name));   // kTableNotExist -> 404 NoSuchTableException
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/result.h"

namespace weir::iceberg {

/// The classes of the specification (and of clients) in one place.
enum class RestErrorKind {
  kBadRequest,          // 400, not a request of the specification
  kInvalidArgument,     // 400, a request that makes no sense
  kNotAuthorized,       // 401
  kForbidden,           // 403
  kNoSuchNamespace,     // 404
  kNoSuchTable,         // 404
  kNoSuchView,          // 404
  kNoSuchPlanId,        // 404
  kNoSuchPlanTask,      // 404
  kNotFound,            // 404, a path that names no operation
  kMethodNotAllowed,    // 405
  kUnsupported,         // 406
  kAlreadyExists,       // 409
  kNamespaceNotEmpty,   // 409
  kCommitFailed,        // 409, the client may retry
  kTooLarge,            // 413
  kUnprocessable,       // 422
  kInternal,            // 500
  kCommitStateUnknown,  // 500, the client must look before it retries or cleans up
  kServiceUnavailable,  // 503
};

struct RestError {
  RestErrorKind kind = RestErrorKind::kInternal;
  std::string message;

  RestError(RestErrorKind k, std::string m) : kind(k), message(std::move(m)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): errors pass upwards by themselves
  RestError(const Error& error);

  int status() const;
  /// "NoSuchTableException".
  std::string_view type() const;
  /// {"error":{"message":…,"type":…,"code":…}}
  std::string ToJson() const;
};

template <class T>
class [[nodiscard]] RestResult : public tl::expected<T, RestError> {
 public:
  using tl::expected<T, RestError>::expected;
  bool ok() const { return this->has_value(); }
};

using RestStatus = RestResult<void>;

template <class... A>
tl::unexpected<RestError> Refuse(RestErrorKind kind, fmt::format_string<A...> message,
                                 A&&... args) {
  return tl::unexpected<RestError>(RestError(kind, fmt::format(message, std::forward<A>(args)...)));
}

}  // namespace weir::iceberg

namespace weir {

// What RETURN_IF_ERROR and ASSIGN_OR_RETURN call to pass an error on.
template <class T>
tl::unexpected<iceberg::RestError> Forward(iceberg::RestResult<T>&& result) {
  return tl::unexpected<iceberg::RestError>(std::move(result).error());
}
template <class T>
tl::unexpected<iceberg::RestError> Forward(iceberg::RestResult<T>& result) {
  return tl::unexpected<iceberg::RestError>(result.error());
}

}  // namespace weir
