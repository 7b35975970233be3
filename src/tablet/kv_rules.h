// KvRules: everything a KV tablet needs to know about its table, prepared once per version of the
// table and shared by all its buckets: codecs of every schema, key codec, formats, the default
// merger. Immutable after Make; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "meta/table_info.h"
#include "record/key_encoder.h"
#include "record/row_format.h"
#include "tablet/row_merger.h"

namespace weir {

class KvRules {
 public:
  /// Errors  kInvalidTable  the table cannot be a KV table: no primary key, formats that do not go
  /// together
  static Result<std::shared_ptr<const KvRules>> Make(std::shared_ptr<const TableInfo> table);

  const TableInfo& table() const { return *table_; }
  const TableConfig& config() const { return table_->config; }
  const Schema& schema() const { return table_->schema(); }
  SchemaId schema_id() const { return table_->schema_id; }
  size_t columns() const { return table_->schema().size(); }

  bool has_schema(SchemaId id) const { return FindDecoder(id) != nullptr; }

  /// Decode a row written with schema `id` into all columns of the latest schema; newer columns
  /// become null. Values point into `row`. Errors: kSchemaNotExist, kCorruptRecord.
  Status DecodeRow(SchemaId id, BytesView row, std::span<Value> out) const {
    const RowDecoder* decoder = FindDecoder(id);
    if (decoder == nullptr)
      return Fail(ErrorCode::kSchemaNotExist, "no such schema: schema_id={}", id.value);
    std::fill(out.begin() + static_cast<ptrdiff_t>(decoder->size()), out.end(), Value::Null());
    return decoder->Decode(row, out.first(decoder->size()));
  }
  /// The same for a stored value (schema id, row).
  Status DecodeValue(BytesView value, std::span<Value> out) const;

  /// Encodes rows of the latest schema in the table's KV format.
  const RowEncoder& row_encoder() const { return *row_encoder_; }
  const KeyEncoder& key_encoder() const { return *key_encoder_; }

  /// Whole rows, default mode. An error for tables whose every request must name target columns.
  const Result<RowMerger>& whole_row_merger() const { return whole_row_merger_; }

  /// Whether old rows are logged (-U) and live rows counted.
  bool full_changelog() const { return config().changelog_image == ChangelogImage::kFull; }

  std::optional<size_t> auto_increment_column() const { return auto_increment_column_; }

  /// Whether a prefix of the key is the bucket key, so that clients may look it up.
  bool has_prefix_lookup() const { return has_prefix_lookup_; }

  /// Fill `row` (latest schema) from an encoded key, everything else null.
  /// partition  name of the bucket's partition, "" for none
  /// Errors     kInvalidTable  keys of this table cannot be turned back into columns
  Status RowOfKey(BytesView key, std::span<const std::string> partition_values,
                  std::span<Value> row) const;

 private:
  KvRules() : whole_row_merger_(Fail(ErrorCode::kInvalidTable, "not made")) {}

  const RowDecoder* FindDecoder(SchemaId id) const {
    const auto at = static_cast<size_t>(id.value);
    return id.value >= 0 && at < decoders_.size() && decoders_[at] ? &*decoders_[at] : nullptr;
  }

  std::shared_ptr<const TableInfo> table_;
  std::vector<std::optional<RowDecoder>> decoders_;  // by schema id
  std::optional<RowEncoder> row_encoder_;
  std::optional<KeyEncoder> key_encoder_;
  std::vector<int> key_columns_;  // physical primary key, key order
  Result<RowMerger> whole_row_merger_;
  std::optional<size_t> auto_increment_column_;
  bool has_prefix_lookup_ = false;
};

}  // namespace weir
