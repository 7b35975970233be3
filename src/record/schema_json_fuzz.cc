// Any text as a schema document, as a type document and as a type in SQL syntax. What is accepted
// must survive being written and read again.
#include <cstdint>
#include <cstdlib>

#include "record/schema_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto schema = SchemaFromText(text); schema.ok()) {
    const auto again = SchemaFromText(SchemaToText(*schema));
    if (!again.ok() || !(*again == *schema)) std::abort();
  }
  if (const auto type = DataTypeFromText(text); type.ok()) {
    const auto again = DataTypeFromText(DataTypeToText(*type));
    if (!again.ok() || !(*again == *type)) std::abort();
  }
  if (const auto type = DataType::Parse(text); type.ok()) {
    const auto again = DataType::Parse(type->ToString());
    if (!again.ok() || !(*again == *type)) std::abort();
  }
  return 0;
}
