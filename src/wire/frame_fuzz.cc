// Any bytes as a frame: the header parser must not read past them, and what it accepts must be
// written back.
#include <cstdint>
#include <cstdlib>

#include "wire/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const weir::BytesView frame(reinterpret_cast<const char*>(data), size);
  const auto header = weir::ParseRequestHeader(frame);
  if (!header.ok()) return 0;
  char back[12];
  weir::StoreRequestHeader(back, *header, static_cast<int64_t>(size - weir::kRequestHeaderBytes));
  if (weir::BytesView(back + 4, 8) != frame.substr(0, 8)) std::abort();
  return 0;
}
