// Any bytes as a meta store's file: never a crash, and what is called good is good on its own.
#include <cstdint>
#include <cstdlib>

#include "meta/store_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const weir::BytesView bytes(reinterpret_cast<const char*>(data), size);
  const auto contents = weir::ReadMetaFile(bytes);
  if (contents.good_bytes > size) std::abort();
  using End = weir::MetaFileContents::End;
  if (contents.end == End::kForeign || contents.end == End::kTooNew) return 0;
  const auto again = weir::ReadMetaFile(bytes.substr(0, contents.good_bytes));
  if (again.end != End::kClean || again.ops.size() != contents.ops.size()) std::abort();
  return 0;
}
