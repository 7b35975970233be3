// Any bytes as a metadata file of a table or a view: what is read is printed and read again as the same.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "lake/table_metadata.h"
#include "lake/view_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir::iceberg;
  const weir::BytesView bytes(reinterpret_cast<const char*>(data), size);
  if (const auto table = TableMetadataFromJsonText(bytes); table.ok()) {
    const auto again = TableMetadataFromJsonText(ToJsonText(*table));
    WEIR_CHECK(again.ok() && *again == *table);
    (void)table->SnapshotAsOf(table->last_updated_ms);
    for (const PartitionSpec& spec : table->partition_specs) {
      (void)PartitionType(spec, table->current_schema());
    }
  }
  if (const auto view = ViewMetadataFromJsonText(bytes); view.ok()) {
    const auto again = ViewMetadataFromJsonText(ToJsonText(*view));
    WEIR_CHECK(again.ok() && *again == *view);
  }
  return 0;
}
