// A checkpoint with any bytes in it is refused or read, never believed wrongly.
#include <cstdint>

#include "storage/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)weir::DecodeCheckpoint({reinterpret_cast<const char*>(data), size});
  return 0;
}
