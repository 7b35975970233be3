// Keys in bytes: what a KV tablet stores rows under, and what chooses a row's bucket.
// Bytes and the choice of format: docs/formats/keys.md. Java:
// org.apache.fluss.row.encode.KeyEncoder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/data_type.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Property `table.datalake.format`.
enum class LakeFormat : uint8_t { kPaimon, kIceberg, kLance, kHudi };

/// Errors  kInvalidConfig  any other name; case-insensitive
Result<LakeFormat> ParseLakeFormat(std::string_view name);

enum class KeyFormat : uint8_t {
  kCompacted,  // Fluss' own: fields one after another
  kPaimon,     // a BinaryRow
  kIceberg,    // the bytes Iceberg hashes; exactly one column
  kHudi,       // a hash; for buckets only
};

/// The two encodings of one table.
struct KeyFormats {
  KeyFormat kv;      // key of a row in its KV tablet
  KeyFormat bucket;  // input of the bucketing function
};

/// lake               property table.datalake.format, counted even while the lake is disabled
/// kv_format_version  property table.kv.format-version; absent = 1
/// default_bucket_key the bucket key is the physical primary key
/// Source  Fluss 545c5539 KeyEncoder.ofPrimaryKeyEncoder, ofBucketKeyEncoder
KeyFormats ChooseKeyFormats(std::optional<LakeFormat> lake, int kv_format_version,
                            bool default_bucket_key);

/// Turns the key columns of rows into bytes. Prepared once; then const and usable from any thread.
class KeyEncoder {
 public:
  /// row_types  of the whole row;  positions  the key columns in key order
  /// Errors  kInvalidTable  the format cannot carry a column's type (ARRAY, MAP, ROW; Iceberg: more
  /// than
  ///                        one column, BOOLEAN, TINYINT, SMALLINT, TIMESTAMP_LTZ; Hudi: BINARY,
  ///                        BYTES)
  static Result<KeyEncoder> Make(KeyFormat format, std::span<const DataType> row_types,
                                 std::span<const int> positions);

  /// Append the key of `row` (whole rows, row_types' columns) to `out`.
  /// Errors  kCorruptRecord  a key column is null or not of its type
  Status Encode(std::span<const Value> row, std::string& out) const;
  /// The same for a row of just the key columns, in key order.
  Status EncodeKeyRow(std::span<const Value> key, std::string& out) const;

  KeyFormat format() const { return format_; }
  std::span<const DataType> types() const { return *types_; }  // of the key columns

 private:
  KeyEncoder() = default;

  KeyFormat format_ = KeyFormat::kCompacted;
  std::shared_ptr<const std::vector<DataType>> types_;
  std::vector<FieldPlan> plans_;  // point into *types_
  std::vector<int> positions_;
};

/// Turns keys back into the Values of the key columns: a lookup that inserts needs the row of a
/// key.
class KeyDecoder {
 public:
  /// Errors  kInvalidTable  Hudi keys are hashes; other formats as KeyEncoder::Make
  static Result<KeyDecoder> Make(KeyFormat format, std::vector<DataType> key_types);

  /// Decode a whole key into one Value per key column; they point into `key`.
  /// Errors  kCorruptRecord  the bytes are not a key of these types
  Status Decode(BytesView key, std::span<Value> out) const;

  size_t size() const { return plans_.size(); }
  std::span<const DataType> types() const { return *types_; }

 private:
  KeyDecoder() = default;

  KeyFormat format_ = KeyFormat::kCompacted;
  std::shared_ptr<const std::vector<DataType>> types_;
  std::vector<FieldPlan> plans_;  // point into *types_
};

}  // namespace weir
