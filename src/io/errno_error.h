// The one place where errno becomes an Error.
#pragma once

#include <string_view>

#include "base/result.h"

namespace weir {

/// ENOSPC and EDQUOT are kDiskWriteLocked (writers retry, readers go on), everything else is kStorage.
Failure FromErrno(std::string_view operation, std::string_view path, int error_number);

}  // namespace weir
