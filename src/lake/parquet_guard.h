// Arrow's Parquet library throws on damaged files: here that ends, as an error which names the file. For .cc files.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "base/result.h"

namespace weir::iceberg {

/// Run `body`, which returns a Result; an exception becomes kCorruptRecord.
template <class F>
auto GuardParquet(const std::string& location, F&& body) -> decltype(body()) {
  try {
    return std::forward<F>(body)();
  } catch (const std::exception& thrown) {
    return Fail(ErrorCode::kCorruptRecord, "damaged parquet file: {}: path={}", thrown.what(),
                location);
  }
}

}  // namespace weir::iceberg
