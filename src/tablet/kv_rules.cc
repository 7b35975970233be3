#include "tablet/kv_rules.h"

#include <algorithm>

#include "record/value_batch.h"

namespace weir {

Result<std::shared_ptr<const KvRules>> KvRules::Make(std::shared_ptr<const TableInfo> table) {
  if (!table->has_primary_key()) {
    return Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table: table={}",
                table->path.ToString());
  }
  const TableConfig& config = table->config;
  if (config.log_format == LogFormat::kIndexed && config.kv_format == RowFormat::kCompacted) {
    return Fail(ErrorCode::kInvalidTable,
                "log format INDEXED does not go with kv format COMPACTED");
  }
  auto rules = std::shared_ptr<KvRules>(new KvRules());
  rules->table_ = table;
  const Schema& schema = table->schema();

  rules->decoders_.resize(static_cast<size_t>(table->schemas.rbegin()->first.value) + 1);
  for (const auto& [id, version] : table->schemas) {
    rules->decoders_[static_cast<size_t>(id.value)].emplace(config.kv_format, version->types());
  }
  rules->row_encoder_.emplace(config.kv_format, schema.types());

  const std::vector<std::string> key_names = table->PhysicalPrimaryKey();
  ASSIGN_OR_RETURN(rules->key_columns_, schema.Positions(key_names));
  const std::vector<std::string>& bucket_key = table->descriptor.bucket_keys;
  const bool default_bucket_key = bucket_key.empty() || bucket_key == key_names;
  rules->has_prefix_lookup_ = !default_bucket_key;
  const KeyFormats formats =
      ChooseKeyFormats(config.lake_format, config.kv_format_version, default_bucket_key);
  const std::vector<DataType> types = schema.types();
  ASSIGN_OR_RETURN(rules->key_encoder_, KeyEncoder::Make(formats.kv, types, rules->key_columns_));

  if (!schema.auto_increment().empty()) {
    rules->auto_increment_column_ =
        static_cast<size_t>(*schema.Find(schema.auto_increment().front()));
  }
  rules->whole_row_merger_ = RowMerger::Make(config, schema, {});
  return std::shared_ptr<const KvRules>(std::move(rules));
}

Status KvRules::DecodeValue(BytesView value, std::span<Value> out) const {
  ASSIGN_OR_RETURN(const StoredValue stored, ParseStoredValue(value));
  return DecodeRow(stored.schema_id, stored.row, out);
}

Status KvRules::RowOfKey(BytesView key, std::span<const std::string> partition_values,
                         std::span<Value> row) const {
  std::vector<DataType> key_types(key_encoder_->types().begin(), key_encoder_->types().end());
  ASSIGN_OR_RETURN(const KeyDecoder decoder,
                   KeyDecoder::Make(key_encoder_->format(), std::move(key_types)));
  std::vector<Value> values(decoder.size());
  RETURN_IF_ERROR(decoder.Decode(key, values));
  std::ranges::fill(row, Value::Null());
  for (size_t i = 0; i < values.size(); ++i) row[static_cast<size_t>(key_columns_[i])] = values[i];

  const std::vector<std::string>& partition_keys = table_->descriptor.partition_keys;
  for (size_t i = 0; i < partition_keys.size() && i < partition_values.size(); ++i) {
    const auto at = static_cast<size_t>(*schema().Find(partition_keys[i]));
    const TypeKind kind = schema().column(at).type.kind;
    if (kind != TypeKind::kString && kind != TypeKind::kChar) {
      return Fail(ErrorCode::kInvalidTable,
                  "inserting looked-up keys needs partition columns of type STRING: column={}",
                  partition_keys[i]);
    }
    row[at] = Value::Bytes(partition_values[i]);
  }
  return {};
}

}  // namespace weir
