// A value or an error. Every function that can fail returns Result<T>; nothing of ours throws.
//   ASSIGN_OR_RETURN(const auto index, Index::Load(path));
//   RETURN_IF_ERROR(file.Sync());
// Inside coroutines the same with CO_ in front.
#pragma once

#include <fmt/core.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/error_code.h"

namespace weir {

struct Error {
  ErrorCode code = ErrorCode::kUnknownServerError;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;

  bool ok() const { return this->has_value(); }
  ErrorCode code() const { return this->has_value() ? ErrorCode::kNone : this->error().code; }
};

using Status = Result<void>;

using Failure = tl::unexpected<Error>;

/// Make an error; the message is lower case and ends with the values: "segment is torn: path={} bytes={}".
template <class... A>
Failure Fail(ErrorCode code, fmt::format_string<A...> message, A&&... args) {
  return Failure(Error{code, fmt::format(message, std::forward<A>(args)...)});
}

/// Pass an error on under another result type.
template <class R>
Failure Forward(R&& result) {
  return Failure(std::forward<R>(result).error());
}

}  // namespace weir

#define WEIR_CONCAT_(a, b) a##b
#define WEIR_CONCAT(a, b) WEIR_CONCAT_(a, b)

#define WEIR_RETURN_IF_ERROR_(ret, name, expr)                 \
  do {                                                         \
    auto&& name = (expr);                                      \
    if (!name.has_value()) [[unlikely]]                        \
      ret ::weir::Forward(std::forward<decltype(name)>(name)); \
  } while (false)
#define WEIR_ASSIGN_OR_RETURN_(ret, name, decl, expr) \
  auto name = (expr);                                 \
  if (!name.has_value()) [[unlikely]]                 \
    ret ::weir::Forward(std::move(name));             \
  decl = std::move(*name)

#define RETURN_IF_ERROR(expr) WEIR_RETURN_IF_ERROR_(return, WEIR_CONCAT(status_, __LINE__), expr)
#define ASSIGN_OR_RETURN(decl, expr) \
  WEIR_ASSIGN_OR_RETURN_(return, WEIR_CONCAT(result_, __LINE__), decl, expr)
#define CO_RETURN_IF_ERROR(expr) \
  WEIR_RETURN_IF_ERROR_(co_return, WEIR_CONCAT(status_, __LINE__), expr)
#define CO_ASSIGN_OR_RETURN(decl, expr) \
  WEIR_ASSIGN_OR_RETURN_(co_return, WEIR_CONCAT(result_, __LINE__), decl, expr)
