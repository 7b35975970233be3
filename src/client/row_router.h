// Where a row of a table belongs: its partition, its bucket and, in a primary-key table, its key.
// Clients decide this, so it must agree with the official clients to the bit; record/ holds the
// functions, this puts them together.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "meta/table_info.h"
#include "record/bucketing.h"
#include "record/key_encoder.h"
#include "record/value.h"

namespace weir {

class RowRouter {
 public:
  /// Errors  as KeyEncoder::Make
  static Result<RowRouter> Make(TableRef table);

  /// The bucket of a whole row; only its partition and bucket key columns are read. Rows without a
  /// bucket key go to `keyless_bucket`. Errors  kPartitionNotExists  the row names a partition the
  /// table did not have when it was opened
  ///         kCorruptRecord       a key column is null
  Result<TableBucket> BucketOf(std::span<const Value> row, BucketId keyless_bucket);

  /// The key the row is stored under; valid until the next call. Primary-key tables only.
  Result<BytesView> KeyOf(std::span<const Value> row);

  bool has_bucket_key() const { return bucket_encoder_.has_value(); }

 private:
  RowRouter() = default;

  TableRef table_;
  Bucketing bucketing_ = Bucketing::kFluss;
  std::optional<KeyEncoder> bucket_encoder_;
  std::optional<KeyEncoder> key_encoder_;
  std::vector<int> partition_positions_;
  std::string key_;
  std::string bucket_key_;
};

}  // namespace weir
