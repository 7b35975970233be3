// Reads Avro containers: one record at a time as a tree of values, found by Iceberg's field ids. Safe on hostile
// bytes (INV-7): block size, nesting and the number of values are bounded whatever the bytes claim.
//
//   ASSIGN_OR_RETURN(const AvroReader reader, AvroReader::Open(bytes));
//   RETURN_IF_ERROR(reader.ForEach([&](const AvroValue& record) -> Status { ... }));
//
// Source: Avro specification 1.11 "Binary Encoding", "Object Container Files". Plain object, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/avro_codec.h"
#include "lake/avro_type.h"

namespace weir::iceberg {

struct AvroLimits {
  /// Of one block, decompressed.
  size_t block_bytes_max = 64 * MiB;
  /// Of one record: every field, element, key and value counts.
  size_t record_values_max = 4'000'000;
};

/// A value under the type it was written with; a union is replaced by the branch that was taken. Views lie in the
/// block and are good until ForEach's visitor returns.
struct AvroValue {
  const AvroType* type = nullptr;
  /// kBoolean, kInt, kLong, kEnum.
  int64_t integer = 0;
  /// kFloat, kDouble.
  double number = 0;
  /// kBytes, kString, kFixed.
  BytesView bytes;
  /// The fields of a record in order, the elements of an array, keys and values of a map in turn.
  std::vector<AvroValue> items;

  AvroKind kind() const { return type->kind; }
  bool is_null() const { return type->kind == AvroKind::kNull; }
};

class AvroReader {
 public:
  /// `bytes` must outlive the reader. `known` names the ids of fields that carry none.
  /// Errors  kCorruptRecord  no Avro container, or its schema is no record;  kUnsupportedVersion  its codec
  static Result<AvroReader> Open(BytesView bytes, std::span<const AvroFieldId> known = {},
                                 AvroLimits limits = {});

  const AvroType& type() const { return *type_; }
  /// An entry of the header, or nothing.
  std::optional<std::string_view> Metadata(std::string_view key) const;

  /// Call `visit` for each record in order, until it fails.
  /// Errors  kCorruptRecord  damaged bytes or a limit reached;  or what `visit` returned
  Status ForEach(const std::function<Status(const AvroValue& record)>& visit) const;

 private:
  AvroReader() = default;

  AvroTypePtr type_;
  std::map<std::string, std::string, std::less<>> metadata_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string sync_;
  BytesView blocks_;
  AvroLimits limits_;
};

}  // namespace weir::iceberg
