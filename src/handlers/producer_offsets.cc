// REGISTER_, GET_ and DELETE_PRODUCER_OFFSETS: Flink's sink remembers where it stood before it
// began to write. Source: Fluss 545c5539 CoordinatorService.registerProducerOffsets and following
#include "handlers/catalog_requests.h"

namespace weir {

namespace {

using Registered = ProducerOffsets::Registered;
using ProducerEntry = std::optional<ProducerOffsets::Entry>;

constexpr int32_t kCreated = 0;
constexpr int32_t kAlreadyExists = 1;

/// Tables the caller may not read are left out.
void FillOffsets(const RequestContext& context, const ProducerOffsets::Entry& entry,
                 pb::GetProducerOffsetsResponse& response) {
  pb::PbProducerTableOffsets* table = nullptr;
  for (const auto& [bucket, offset] : entry.offsets) {
    if (!context.AuthorizeTable(Operation::kRead, bucket.table).ok()) continue;
    if (table == nullptr || table->table_id() != bucket.table.value) {
      table = response.add_table_offsets();
      table->set_table_id(bucket.table.value);
    }
    auto& out = *table->add_bucket_offsets();
    if (bucket.partition) out.set_partition_id(bucket.partition->value);
    out.set_bucket_id(bucket.bucket);
    out.set_log_end_offset(offset);
  }
}

}  // namespace

Task<Result<pb::RegisterProducerOffsetsResponse>> RegisterProducerOffsets(
    RequestContext& context, const pb::RegisterProducerOffsetsRequest& request) {
  std::map<TableBucket, Offset> offsets;
  for (const auto& table : request.table_offsets()) {
    CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, TableId{table.table_id()}));
    for (const auto& bucket : table.bucket_offsets()) {
      offsets[ToTableBucket(table.table_id(), bucket)] = bucket.log_end_offset();
    }
  }
  std::optional<int64_t> ttl_ms;
  if (request.has_ttl_ms()) ttl_ms = request.ttl_ms();
  CO_ASSIGN_OR_RETURN(
      const Registered registered, co_await ChangeCatalog(context, [&](Catalog& catalog) {
        return catalog.producer_offsets().Register(request.producer_id(), offsets, ttl_ms);
      }));
  pb::RegisterProducerOffsetsResponse response;
  response.set_result(registered == Registered::kCreated ? kCreated : kAlreadyExists);
  co_return response;
}

Result<pb::GetProducerOffsetsResponse> GetProducerOffsets(
    RequestContext& context, const pb::GetProducerOffsetsRequest& request) {
  ASSIGN_OR_RETURN(const ProducerEntry entry,
                   CatalogOf(context).producer_offsets().Get(request.producer_id()));
  pb::GetProducerOffsetsResponse response;
  if (!entry) return response;
  response.set_producer_id(request.producer_id());
  response.set_expiration_time(entry->expires_ms);
  FillOffsets(context, *entry, response);
  return response;
}

Task<Result<pb::DeleteProducerOffsetsResponse>> DeleteProducerOffsets(
    RequestContext& context, const pb::DeleteProducerOffsetsRequest& request) {
  CO_ASSIGN_OR_RETURN(const ProducerEntry entry,
                      CatalogOf(context).producer_offsets().Get(request.producer_id()));
  if (entry) {
    for (const auto& [bucket, offset] : entry->offsets) {
      CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, bucket.table));
    }
  }
  co_return co_await AnswerChange<pb::DeleteProducerOffsetsResponse>(
      context,
      [&](Catalog& catalog) { return catalog.producer_offsets().Delete(request.producer_id()); });
}

}  // namespace weir
