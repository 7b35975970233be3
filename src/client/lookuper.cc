#include "client/lookuper.h"

#include "proto/fluss_api.pb.h"
#include "record/value_batch.h"

namespace weir {

Lookuper::Lookuper(FlussClient& client, TableRef table, RowRouter router)
    : client_(client), table_(std::move(table)), router_(std::move(router)) {}

Result<std::unique_ptr<Lookuper>> Lookuper::Open(FlussClient& client, TableRef table) {
  if (!table->has_primary_key()) {
    return Fail(ErrorCode::kNonPrimaryKeyTable,
                "only tables with a primary key can be looked up: table={}",
                table->path.ToString());
  }
  ASSIGN_OR_RETURN(RowRouter router, RowRouter::Make(table));
  return std::unique_ptr<Lookuper>(new Lookuper(client, std::move(table), std::move(router)));
}

Result<std::optional<OwnedRow>> Lookuper::Lookup(std::span<const Value> row) {
  ASSIGN_OR_RETURN(const TableBucket bucket, router_.BucketOf(row, 0));
  ASSIGN_OR_RETURN(const BytesView key, router_.KeyOf(row));
  pb::LookupRequest request;
  request.set_table_id(table_->id.value);
  auto* wanted = request.add_buckets_req();
  if (bucket.partition) wanted->set_partition_id(bucket.partition->value);
  wanted->set_bucket_id(bucket.bucket);
  wanted->add_keys(key.data(), key.size());
  ASSIGN_OR_RETURN(ClientConnection* const leader, client_.LeaderOf(*table_, bucket));
  ASSIGN_OR_RETURN(const auto response, leader->Call<pb::LookupResponse>(ApiKey::kLookup, request));
  if (response.buckets_resp_size() != 1) {
    return Fail(ErrorCode::kCorruptMessage, "a look-up of one bucket was answered for {}",
                response.buckets_resp_size());
  }
  const auto& answer = response.buckets_resp(0);
  if (answer.error_code() != 0)
    return Fail(static_cast<ErrorCode>(answer.error_code()), "{}", answer.error_message());
  if (answer.values_size() == 0 || !answer.values(0).has_values()) return std::optional<OwnedRow>();
  ASSIGN_OR_RETURN(OwnedRow found, Decode(answer.values(0).values()));
  return std::optional(std::move(found));
}

Result<OwnedRow> Lookuper::Decode(BytesView stored) {
  auto bytes = std::make_shared<const std::string>(stored);
  ASSIGN_OR_RETURN(const StoredValue value, ParseStoredValue(*bytes));
  ASSIGN_OR_RETURN(const auto schema, client_.FetchSchema(*table_, value.schema_id));
  std::vector<Value> values(schema->size());
  RETURN_IF_ERROR(RowDecoder(table_->config.kv_format, schema->types()).Decode(value.row, values));
  values.resize(table_->schema().size());
  return OwnedRow{.bytes = std::move(bytes), .values = std::move(values)};
}

}  // namespace weir
