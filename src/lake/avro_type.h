// Avro schemas, as far as Iceberg's metadata files use them: every kind of type, Iceberg's field ids, no recursion.
// Reading is safe on hostile text (INV-7). Source: Avro specification 1.11 "Schema Declaration", Iceberg
// specification, Appendix A "Avro".
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::iceberg {

struct AvroType;
using AvroTypePtr = std::shared_ptr<const AvroType>;

enum class AvroKind : uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kRecord,
  kUnion,
};

struct AvroField {
  std::string name;
  AvroTypePtr type;
  /// -1 when the schema gives none.
  int32_t field_id = -1;
};

struct AvroType {
  AvroKind kind = AvroKind::kNull;
  /// Of kFixed, in bytes.
  int32_t fixed_bytes = 0;
  /// Of kRecord.
  std::vector<AvroField> fields;
  /// Branches of kUnion; the one element of kArray; the one value type of kMap.
  std::vector<AvroTypePtr> parts;
  /// Of kEnum.
  int32_t symbols = 0;
};

/// The id of a field that has none in its file, by the field's name.
struct AvroFieldId {
  std::string_view name;
  int32_t field_id;
};

/// Parse a schema document. Fields without an id get the one that `known` has for their name.
/// Errors  kCorruptRecord  not a schema, recursive, nested too deep or too large
Result<AvroTypePtr> ParseAvroType(std::string_view text, std::span<const AvroFieldId> known = {});

}  // namespace weir::iceberg
