// What the catalog's handlers share: the protocol's names as ours, and the way to a change that
// blocks.
#pragma once

#include <utility>

#include "handlers/handlers.h"
#include "handlers/services.h"
#include "meta/catalog.h"

namespace weir {

inline Catalog& CatalogOf(const RequestContext& context) { return *context.services().catalog; }

inline TablePath ToTablePath(const pb::PbTablePath& path) {
  return {path.database_name(), path.table_name()};
}

inline IfExists ToIfExists(bool ignore) { return ignore ? IfExists::kIgnore : IfExists::kFail; }
inline IfNotExists ToIfNotExists(bool ignore) {
  return ignore ? IfNotExists::kIgnore : IfNotExists::kFail;
}

inline Resource DatabaseResource(const std::string& name) {
  return {ResourceType::kDatabase, name};
}
inline Resource TableResource(const TablePath& path) {
  return {ResourceType::kTable, path.ToString()};
}

/// Key and value pairs as the client sent them.
PartitionSpec ToPartitionSpec(const pb::PbPartitionSpec& spec);
std::vector<ConfigChange> ToConfigChanges(
    const google::protobuf::RepeatedPtrField<pb::PbAlterConfig>& changes);
/// For a message with table_id, optional partition_id and bucket_id.
template <class Message>
TableBucket ToTableBucket(int64_t table_id, const Message& message) {
  TableBucket bucket{.table = TableId{table_id}, .bucket = message.bucket_id()};
  if (message.has_partition_id()) bucket.partition = PartitionId{message.partition_id()};
  return bucket;
}

/// Run a change of the catalog, which waits for the disk, on the blocking pool.
template <class F, class R = std::invoke_result_t<F, Catalog&>>
Task<R> ChangeCatalog(RequestContext& context, F change) {
  Catalog& catalog = CatalogOf(context);
  return context.services().pool.Run(
      [&catalog, change = std::move(change)] { return change(catalog); });
}

/// The same for a change that has nothing to tell but that it worked.
template <class Response, class F>
Task<Result<Response>> AnswerChange(RequestContext& context, F change) {
  CO_RETURN_IF_ERROR(co_await ChangeCatalog(context, std::move(change)));
  co_return Response();
}

}  // namespace weir
