// A target with a planted bug. The fuzz run must find it, or the fuzzing itself is broken.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 4 && std::memcmp(data, "weir", 4) == 0) std::abort();
  return 0;
}
