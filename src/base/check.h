// A broken invariant is a bug, not an error: stop before it reaches the disk.
// WEIR_CHECK stays in release builds; WEIR_DCHECK is for hot loops and vanishes there.
#pragma once

namespace weir {

/// Print what was broken and where, then abort.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace weir

#define WEIR_CHECK(condition)                              \
  do {                                                     \
    if (!(condition)) [[unlikely]]                         \
      ::weir::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)

#if defined(NDEBUG) || !defined(WEIR_SANITIZED)
#define WEIR_DCHECK(condition) \
  do {                         \
  } while (false)
#else
#define WEIR_DCHECK(condition) WEIR_CHECK(condition)
#endif
