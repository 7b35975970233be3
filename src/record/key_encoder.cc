#include "record/key_encoder.h"

#include <strings.h>

#include <algorithm>

#include "record/aligned_row.h"
#include "record/compacted_row.h"
#include "record/hudi_key.h"
#include "record/iceberg_key.h"

namespace weir {
namespace {

/// Keys of up to this many columns are gathered without an allocation.
constexpr size_t kColumnsOnStack = 16;

bool CanCarry(KeyFormat format, const DataType& type) {
  switch (format) {
    case KeyFormat::kCompacted:
    case KeyFormat::kPaimon:
      return !type.is_nested();
    case KeyFormat::kIceberg:
      return IsIcebergKeyType(type);
    case KeyFormat::kHudi:
      return IsHudiKeyType(type);
  }
  return false;
}

Status CheckKeyTypes(KeyFormat format, std::span<const DataType> types) {
  if (types.empty()) return Fail(ErrorCode::kInvalidTable, "a key needs at least one column");
  if (format == KeyFormat::kIceberg && types.size() != 1) {
    return Fail(ErrorCode::kInvalidTable, "an iceberg key has exactly one column: columns={}",
                types.size());
  }
  for (const DataType& type : types) {
    if (!CanCarry(format, type)) {
      return Fail(ErrorCode::kInvalidTable,
                  "type cannot be in a key of this format: type={} format={}", type.ToString(),
                  static_cast<int>(format));
    }
  }
  return {};
}

KeyFormat FormatOf(std::optional<LakeFormat> lake) {
  if (!lake) return KeyFormat::kCompacted;
  switch (*lake) {
    case LakeFormat::kPaimon:
      return KeyFormat::kPaimon;
    case LakeFormat::kIceberg:
      return KeyFormat::kIceberg;
    case LakeFormat::kHudi:
      return KeyFormat::kHudi;
    case LakeFormat::kLance:
      return KeyFormat::kCompacted;
  }
  return KeyFormat::kCompacted;
}

Failure NullInKey(const FieldPlan& plan) {
  return Fail(ErrorCode::kCorruptRecord, "key column is null: type={}", plan.type->ToString());
}

Status DecodeCompactedKey(BytesView key, std::span<const FieldPlan> plans, std::span<Value> out) {
  const char* at = key.data();
  const char* end = at + key.size();
  for (size_t i = 0; i < plans.size() && at != nullptr; ++i)
    at = DecodeCompactedField(plans[i], at, end, out[i]);
  if (at != end)
    return Fail(ErrorCode::kCorruptRecord, "compacted key is damaged: bytes={}", key.size());
  return {};
}

}  // namespace

Result<LakeFormat> ParseLakeFormat(std::string_view name) {
  const std::string text(name);
  if (strcasecmp(text.c_str(), "paimon") == 0) return LakeFormat::kPaimon;
  if (strcasecmp(text.c_str(), "iceberg") == 0) return LakeFormat::kIceberg;
  if (strcasecmp(text.c_str(), "lance") == 0) return LakeFormat::kLance;
  if (strcasecmp(text.c_str(), "hudi") == 0) return LakeFormat::kHudi;
  return Fail(ErrorCode::kInvalidConfig,
              "lake format must be paimon, iceberg, lance or hudi: format={:.100}", name);
}

KeyFormats ChooseKeyFormats(std::optional<LakeFormat> lake, int kv_format_version,
                            bool default_bucket_key) {
  const KeyFormat of_lake = FormatOf(lake);
  // A lake's key does not start with its bucket key, so version 2 keeps Fluss' own where prefix
  // lookups need that.
  const bool own_kv_key =
      of_lake == KeyFormat::kHudi || (kv_format_version >= 2 && !default_bucket_key);
  return {.kv = own_kv_key ? KeyFormat::kCompacted : of_lake, .bucket = of_lake};
}

Result<KeyEncoder> KeyEncoder::Make(KeyFormat format, std::span<const DataType> row_types,
                                    std::span<const int> positions) {
  std::vector<DataType> types;
  for (const int position : positions) types.push_back(row_types[static_cast<size_t>(position)]);
  RETURN_IF_ERROR(CheckKeyTypes(format, types));
  KeyEncoder out;
  out.format_ = format;
  out.types_ = std::make_shared<const std::vector<DataType>>(std::move(types));
  out.plans_ = PlansOf(*out.types_);
  out.positions_.assign(positions.begin(), positions.end());
  return out;
}

Status KeyEncoder::Encode(std::span<const Value> row, std::string& out) const {
  Value on_stack[kColumnsOnStack];
  std::vector<Value> on_heap;
  std::span<Value> key(on_stack, std::min(positions_.size(), kColumnsOnStack));
  if (positions_.size() > kColumnsOnStack) {
    on_heap.resize(positions_.size());
    key = on_heap;
  }
  for (size_t i = 0; i < key.size(); ++i) key[i] = row[static_cast<size_t>(positions_[i])];
  return EncodeKeyRow(key, out);
}

Status KeyEncoder::EncodeKeyRow(std::span<const Value> key, std::string& out) const {
  if (format_ == KeyFormat::kHudi) return AppendHudiKey(plans_, key, out);
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (key[i].is_null()) return NullInKey(plans_[i]);
  }
  if (format_ == KeyFormat::kPaimon) return EncodeAlignedRow(key, plans_, out);
  if (format_ == KeyFormat::kIceberg) {
    if (!Fits(plans_[0], key[0])) return DoesNotFit(plans_[0], key[0]);
    return AppendIcebergKey(plans_[0], key[0], out);
  }
  for (size_t i = 0; i < plans_.size(); ++i)
    RETURN_IF_ERROR(EncodeCompactedField(plans_[i], key[i], out));
  return {};
}

Result<KeyDecoder> KeyDecoder::Make(KeyFormat format, std::vector<DataType> key_types) {
  if (format == KeyFormat::kHudi)
    return Fail(ErrorCode::kInvalidTable, "hudi keys cannot be decoded, they are hashes");
  RETURN_IF_ERROR(CheckKeyTypes(format, key_types));
  KeyDecoder out;
  out.format_ = format;
  out.types_ = std::make_shared<const std::vector<DataType>>(std::move(key_types));
  out.plans_ = PlansOf(*out.types_);
  return out;
}

Status KeyDecoder::Decode(BytesView key, std::span<Value> out) const {
  switch (format_) {
    case KeyFormat::kCompacted:
      return DecodeCompactedKey(key, plans_, out);
    case KeyFormat::kIceberg: {
      ASSIGN_OR_RETURN(out[0], ParseIcebergKey(plans_[0], key));
      return {};
    }
    case KeyFormat::kPaimon:
    case KeyFormat::kHudi:
      break;
  }
  RETURN_IF_ERROR(DecodeAlignedRow(key, plans_, out));
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (out[i].is_null()) return NullInKey(plans_[i]);
  }
  return {};
}

}  // namespace weir
