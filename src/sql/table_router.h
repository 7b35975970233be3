// Where a row of a table belongs: its partition, its bucket and, in primary-key tables, its key.
// The same rules as the official clients follow, through record/. Immutable, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "meta/table_info.h"
#include "record/bucketing.h"
#include "record/key_encoder.h"
#include "record/value.h"

namespace weir {

class TableRouter {
 public:
  /// Errors  kInvalidTable  a key column's type cannot be encoded
  static Result<TableRouter> Make(const TableInfo& table);

  /// Append the encoded primary key of `row`, which has all columns of the table.
  Status AppendKey(std::span<const Value> row, std::string& out) const {
    return key_->Encode(row, out);
  }

  /// Whether rows choose their bucket; else any will do.
  bool has_bucket_key() const { return bucket_key_.has_value(); }
  Result<BucketId> BucketOf(std::span<const Value> row) const;

  /// "2026$eu"; empty when the table is not partitioned.
  /// Errors  kPartitionSpecInvalid  a partition column is null
  Result<std::string> PartitionNameOf(std::span<const Value> row) const;

 private:
  TableRouter() = default;

  std::optional<KeyEncoder> key_;
  std::optional<KeyEncoder> bucket_key_;
  Bucketing bucketing_ = Bucketing::kFluss;
  int32_t bucket_count_ = 1;
  std::vector<int> partition_positions_;
  std::vector<DataType> partition_types_;
};

}  // namespace weir
