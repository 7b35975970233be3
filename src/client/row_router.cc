#include "client/row_router.h"

#include "record/partition_name.h"

namespace weir {

Result<RowRouter> RowRouter::Make(TableRef table) {
  RowRouter router;
  const Schema& schema = table->schema();
  const std::vector<DataType> types = schema.types();
  const auto& descriptor = table->descriptor;
  const std::vector<std::string> key_columns = table->PhysicalPrimaryKey();
  const bool default_bucket_key = descriptor.bucket_keys == key_columns;
  const KeyFormats formats = ChooseKeyFormats(table->config.lake_format,
                                              table->config.kv_format_version, default_bucket_key);
  router.bucketing_ = ChooseBucketing(table->config.lake_format);
  if (!descriptor.bucket_keys.empty()) {
    ASSIGN_OR_RETURN(const auto positions, schema.Positions(descriptor.bucket_keys));
    ASSIGN_OR_RETURN(router.bucket_encoder_, KeyEncoder::Make(formats.bucket, types, positions));
  }
  if (schema.has_primary_key()) {
    ASSIGN_OR_RETURN(const auto positions, schema.Positions(key_columns));
    ASSIGN_OR_RETURN(router.key_encoder_, KeyEncoder::Make(formats.kv, types, positions));
  }
  ASSIGN_OR_RETURN(router.partition_positions_, schema.Positions(descriptor.partition_keys));
  router.table_ = std::move(table);
  return router;
}

Result<TableBucket> RowRouter::BucketOf(std::span<const Value> row, BucketId keyless_bucket) {
  TableBucket bucket{.table = table_->id, .partition = {}, .bucket = keyless_bucket};
  if (!partition_positions_.empty()) {
    std::vector<std::string> values;
    for (const int position : partition_positions_) {
      const auto at = static_cast<size_t>(position);
      ASSIGN_OR_RETURN(values.emplace_back(),
                       PartitionValueText(row[at], table_->schema().column(at).type));
    }
    const auto found = table_->partitions.find(JoinPartitionName(values));
    if (found == table_->partitions.end()) {
      return Fail(ErrorCode::kPartitionNotExists,
                  "the table has no such partition: table={} partition={}", table_->path.ToString(),
                  JoinPartitionName(values));
    }
    bucket.partition = found->second.id;
  }
  if (bucket_encoder_) {
    bucket_key_.clear();
    RETURN_IF_ERROR(bucket_encoder_->Encode(row, bucket_key_));
    ASSIGN_OR_RETURN(bucket.bucket,
                     weir::BucketOf(bucketing_, bucket_key_, table_->bucket_count()));
  }
  return bucket;
}

Result<BytesView> RowRouter::KeyOf(std::span<const Value> row) {
  key_.clear();
  RETURN_IF_ERROR(key_encoder_->Encode(row, key_));
  return BytesView(key_);
}

}  // namespace weir
