#include "record/row_format.h"

#include <strings.h>

#include "base/check.h"
#include "record/aligned_row.h"
#include "record/compacted_row.h"
#include "record/indexed_row.h"

namespace weir {

Result<RowFormat> ParseKvFormat(std::string_view name) {
  const std::string text(name);
  if (strcasecmp(text.c_str(), "compacted") == 0) return RowFormat::kCompacted;
  if (strcasecmp(text.c_str(), "indexed") == 0) return RowFormat::kIndexed;
  return Fail(ErrorCode::kInvalidConfig, "kv format must be COMPACTED or INDEXED: format={:.100}",
              name);
}

std::string_view Name(RowFormat format) {
  switch (format) {
    case RowFormat::kCompacted:
      return "COMPACTED";
    case RowFormat::kIndexed:
      return "INDEXED";
    case RowFormat::kAligned:
      return "ALIGNED";
  }
  return "";
}

RowDecoder::RowDecoder(RowFormat format, std::vector<DataType> types)
    : format_(format),
      types_(std::make_shared<const std::vector<DataType>>(std::move(types))),
      plans_(PlansOf(*types_)) {}

Status RowDecoder::Decode(BytesView row, std::span<Value> out) const {
  WEIR_CHECK(out.size() >= plans_.size());
  switch (format_) {
    case RowFormat::kCompacted:
      return DecodeCompactedRow(row, plans_, out);
    case RowFormat::kIndexed:
      return DecodeIndexedRow(row, plans_, out);
    case RowFormat::kAligned:
      return DecodeAlignedRow(row, plans_, out);
  }
  return {};
}

RowEncoder::RowEncoder(RowFormat format, std::vector<DataType> types)
    : format_(format),
      types_(std::make_shared<const std::vector<DataType>>(std::move(types))),
      plans_(PlansOf(*types_)) {}

Status RowEncoder::Encode(std::span<const Value> row, std::string& out) const {
  WEIR_CHECK(row.size() >= plans_.size());
  switch (format_) {
    case RowFormat::kCompacted:
      return EncodeCompactedRow(row, plans_, out);
    case RowFormat::kIndexed:
      return EncodeIndexedRow(row, plans_, out);
    case RowFormat::kAligned:
      return EncodeAlignedRow(row, plans_, out);
  }
  return {};
}

}  // namespace weir
