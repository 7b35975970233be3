// Any bytes as the JSON of CREATE_TABLE: never a crash, and what was accepted is written and read
// the same.
#include <cstdint>
#include <cstdlib>

#include "meta/table_validation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto descriptor = weir::TableDescriptorFromJson({reinterpret_cast<const char*>(data), size});
  if (!descriptor.ok()) return 0;
  const auto again = weir::TableDescriptorFromJson(weir::ToJson(*descriptor));
  if (!again.ok() || *again != *descriptor) std::abort();
  const weir::CatalogOptions options;
  const auto complete = weir::WithDefaults(std::move(*descriptor), options);
  if (complete.ok()) static_cast<void>(weir::CheckTable(*complete, options));
  return 0;
}
