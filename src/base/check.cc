#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace weir
