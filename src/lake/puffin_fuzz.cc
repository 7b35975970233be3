// Footers of Puffin files and deletion vectors out of any bytes: an error or a value that comes back as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "lake/deletion_vector.h"
#include "lake/puffin.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir::iceberg;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto footer = ParsePuffinFooter(bytes, static_cast<int64_t>(size));
  if (footer.ok()) {
    for (const PuffinBlob& blob : footer->blobs) {
      WEIR_CHECK(blob.offset >= 0 && blob.length >= 0 &&
                 blob.offset + blob.length <= static_cast<int64_t>(size));
    }
  }
  (void)DecodeDeletionVector(bytes);
  // Without the checksum in the way.
  const auto rows = RowPositions::Deserialize(bytes);
  if (rows.ok() && rows->size() < 1'000'000) {
    WEIR_CHECK(static_cast<int64_t>(rows->ToVector().size()) == rows->size());
    WEIR_CHECK(RowPositions::Deserialize(rows->Serialize()).value() == *rows);
  }
  return 0;
}
