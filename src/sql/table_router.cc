#include "sql/table_router.h"

#include "record/partition_name.h"

namespace weir {

Result<TableRouter> TableRouter::Make(const TableInfo& table) {
  TableRouter router;
  const Schema& schema = table.schema();
  const std::vector<DataType> types = schema.types();
  const std::vector<std::string> physical_key = table.PhysicalPrimaryKey();
  std::vector<std::string> bucket_keys = table.descriptor.bucket_keys;
  if (bucket_keys.empty()) bucket_keys = physical_key;
  const KeyFormats formats = ChooseKeyFormats(
      table.config.lake_format, table.config.kv_format_version, bucket_keys == physical_key);
  if (table.has_primary_key()) {
    ASSIGN_OR_RETURN(const std::vector<int> positions, schema.Positions(physical_key));
    ASSIGN_OR_RETURN(router.key_, KeyEncoder::Make(formats.kv, types, positions));
  }
  if (!bucket_keys.empty()) {
    ASSIGN_OR_RETURN(const std::vector<int> positions, schema.Positions(bucket_keys));
    ASSIGN_OR_RETURN(router.bucket_key_, KeyEncoder::Make(formats.bucket, types, positions));
  }
  router.bucketing_ = ChooseBucketing(table.config.lake_format);
  router.bucket_count_ = table.bucket_count();
  ASSIGN_OR_RETURN(router.partition_positions_, schema.Positions(table.descriptor.partition_keys));
  for (const int position : router.partition_positions_)
    router.partition_types_.push_back(types[static_cast<size_t>(position)]);
  return router;
}

Result<BucketId> TableRouter::BucketOf(std::span<const Value> row) const {
  std::string key;
  RETURN_IF_ERROR(bucket_key_->Encode(row, key));
  return weir::BucketOf(bucketing_, key, bucket_count_);
}

Result<std::string> TableRouter::PartitionNameOf(std::span<const Value> row) const {
  std::vector<std::string> values;
  for (size_t i = 0; i < partition_positions_.size(); ++i) {
    const Value& value = row[static_cast<size_t>(partition_positions_[i])];
    ASSIGN_OR_RETURN(std::string text, PartitionValueText(value, partition_types_[i]));
    values.push_back(std::move(text));
  }
  return values.empty() ? std::string() : JoinPartitionName(values);
}

}  // namespace weir
