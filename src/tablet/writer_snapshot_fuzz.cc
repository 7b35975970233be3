// A writer snapshot with any bytes in it is refused or read, never believed wrongly.
#include <cstdint>

#include "tablet/writer_state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::WriterState state(1);
  (void)state.Decode({reinterpret_cast<const char*>(data), size});
  return 0;
}
