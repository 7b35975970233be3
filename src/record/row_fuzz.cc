// Any bytes as a row: the first chooses the format, the second the columns (from a seeded
// generator). Nothing may be read outside the row, and a row that reads completely can be written
// in every format.
#include <cstdint>
#include <cstdlib>

#include "record/random_rows.h"

namespace {

using namespace weir;

constexpr RowFormat kFormats[] = {RowFormat::kCompacted, RowFormat::kIndexed, RowFormat::kAligned};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const RowFormat format = kFormats[data[0] % 3];
  const std::vector<DataType> types = RandomRows(data[1]).Types(8, 3);
  const std::string row(reinterpret_cast<const char*>(data + 2), size - 2);
  std::vector<Value> values(types.size());
  if (!RowDecoder(format, types).Decode(row, values).ok()) return 0;
  RowWalk walk;
  if (!walk.Row(values, types).ok()) return 0;
  if (walk.bytes() > static_cast<int64_t>(row.size()))
    std::abort();  // a small row must not unfold into a large one
  for (const RowFormat to : {RowFormat::kCompacted, RowFormat::kAligned}) {
    std::string written;
    if (!RowEncoder(to, types).Encode(values, written).ok()) std::abort();
    std::vector<Value> again(types.size());
    if (!RowDecoder(to, types).Decode(written, again).ok()) std::abort();
  }
  return 0;
}
