// Arrow's statuses become ours at the border, and ours travel through Arrow's readers and writers unharmed.
// For .cc files only: pulls in Arrow.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string_view>

#include "base/result.h"

namespace weir::iceberg {

/// An error of ours as an arrow::Status that FromArrow turns back into the same error.
arrow::Status ToArrow(const Error& error);

/// The error behind a failed status: ours if it was one, otherwise kStorage (disk full: kDiskWriteLocked) with
/// "`what`: reason: path=`location`".
Failure FromArrow(const arrow::Status& status, std::string_view what, std::string_view location);

}  // namespace weir::iceberg

#define WEIR_ARROW_OK_(name, expr, what, location)             \
  do {                                                         \
    const ::arrow::Status name = (expr);                       \
    if (!name.ok()) [[unlikely]]                               \
      return ::weir::iceberg::FromArrow(name, what, location); \
  } while (false)
#define RETURN_IF_ARROW_ERROR(expr, what, location) \
  WEIR_ARROW_OK_(WEIR_CONCAT(arrow_, __LINE__), expr, what, location)
#define WEIR_ARROW_ASSIGN_(name, decl, expr, what, location)          \
  auto name = (expr);                                                 \
  if (!name.ok()) [[unlikely]]                                        \
    return ::weir::iceberg::FromArrow(name.status(), what, location); \
  decl = std::move(name).ValueUnsafe()
#define ASSIGN_OR_RETURN_ARROW(decl, expr, what, location) \
  WEIR_ARROW_ASSIGN_(WEIR_CONCAT(arrow_, __LINE__), decl, expr, what, location)
