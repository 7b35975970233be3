// Projects any bytes; whatever is accepted names only bytes of the batch, in a batch that parses.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "record/arrow_projection.h"
#include "record/fuzz_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const weir::BytesView bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = weir::LogBatchView::Parse(bytes);
  if (!whole.ok()) return 0;
  for (const weir::Schema& schema : weir::FuzzSchemas()) {
    const auto last = static_cast<int32_t>(schema.size()) - 1;
    const auto projection =
        *weir::ArrowProjection::Create(schema, schema, std::vector<int32_t>{0, last});
    weir::ProjectedBatches out;
    const auto done = projection.Project(bytes, 0, out);
    if (!done.ok()) continue;
    WEIR_CHECK(*done == 0);
    for (const auto& piece : out.pieces) {
      const size_t limit = piece.owned ? out.head.size() : size;
      WEIR_CHECK(piece.offset >= 0 && static_cast<size_t>(piece.offset + piece.bytes) <= limit);
    }
    WEIR_CHECK(weir::LogBatchHeader::Parse(out.Join(bytes)).ok());
  }
  return 0;
}
