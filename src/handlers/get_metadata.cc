// GET_METADATA: where the servers are, and which buckets of the named tables and partitions they
// lead. This process is coordinator and tablet server in one, at the address the client reached it
// by. One unknown table fails the whole request with 7, one unknown partition with 36: clients
// count on that, and ask again in a loop, so finding out comes before building anything. What the
// caller may not see is left out. Source: Fluss 545c5539 RpcServiceBase.processMetadataRequest
#include "handlers/catalog_requests.h"

namespace weir {

namespace {

struct Named {
  TableRef table;
  const PartitionInfo* partition = nullptr;  // of `table`; null for the table itself
};

bool MayDescribe(const RequestContext& context, const TablePath& path) {
  return context.allows_everything() ||
         context.Authorize(Operation::kDescribe, TableResource(path)).ok();
}

Status FindTables(const RequestContext& context, const pb::MetadataRequest& request,
                  std::vector<Named>& out) {
  for (const pb::PbTablePath& asked : request.table_path()) {
    TablePath path = ToTablePath(asked);
    if (!MayDescribe(context, path)) continue;
    ASSIGN_OR_RETURN(TableRef table, CatalogOf(context).GetTable(path));
    out.push_back({std::move(table)});
  }
  return {};
}

/// A partition path without a partition name asks for the table.
Status FindPartitionsByPath(const RequestContext& context, const pb::MetadataRequest& request,
                            std::vector<Named>& out) {
  for (const pb::PbPhysicalTablePath& asked : request.partitions_path()) {
    const TablePath path{asked.database_name(), asked.table_name()};
    if (!MayDescribe(context, path)) continue;
    if (!asked.has_partition_name()) {
      ASSIGN_OR_RETURN(TableRef table, CatalogOf(context).GetTable(path));
      out.push_back({std::move(table)});
      continue;
    }
    TableRef table = CatalogOf(context).FindTable(path);
    const auto found = table ? table->partitions.find(asked.partition_name())
                             : decltype(table->partitions.end()){};
    if (!table || found == table->partitions.end()) {
      return Fail(ErrorCode::kPartitionNotExists, "partition '{}' of table '{}' does not exist",
                  asked.partition_name(), path.ToString());
    }
    out.push_back({std::move(table), &found->second});
  }
  return {};
}

Status FindPartitionsById(const RequestContext& context, const pb::MetadataRequest& request,
                          std::vector<Named>& out) {
  for (const int64_t id : request.partitions_id()) {
    TableRef table = CatalogOf(context).FindTableOfPartition(PartitionId{id});
    const PartitionInfo* partition = table ? table->FindPartition(PartitionId{id}) : nullptr;
    if (partition == nullptr)
      return Fail(ErrorCode::kPartitionNotExists, "there is no partition with id {}", id);
    if (MayDescribe(context, table->path)) out.push_back({std::move(table), partition});
  }
  return {};
}

void FillNode(const RequestContext& context, pb::PbServerNode& node) {
  const Services& services = context.services();
  const auto& reached = context.local();
  std::string host = services.advertised_host;
  if (host.empty()) {
    const auto address = reached.address();
    host = address.is_v6() && address.to_v6().is_v4_mapped()
               ? boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
                     .to_string()
               : address.to_string();
  }
  node.set_node_id(services.server_id);
  node.set_host(std::move(host));
  node.set_port(services.advertised_port != 0 ? services.advertised_port : reached.port());
}

template <class Message>
void AddBuckets(const TableInfo& table, int32_t server_id, Message& message) {
  for (BucketId id = 0; id < table.bucket_count(); ++id) {
    auto& bucket = *message.add_bucket_metadata();
    bucket.set_bucket_id(id);
    bucket.set_leader_id(server_id);
    bucket.add_replica_id(server_id);
    bucket.set_leader_epoch(0);
    bucket.add_isr(server_id);
  }
}

void FillTable(const TableInfo& table, const Catalog& catalog, int32_t server_id,
               pb::PbTableMetadata& out) {
  out.mutable_table_path()->set_database_name(table.path.database);
  out.mutable_table_path()->set_table_name(table.path.table);
  out.set_table_id(table.id.value);
  out.set_schema_id(table.schema_id.value);
  out.set_table_json(ToJson(table.descriptor));
  out.set_created_time(table.created_ms);
  out.set_modified_time(table.modified_ms);
  if (!catalog.options().remote_data_dir.empty())
    out.set_remote_data_dir(catalog.options().remote_data_dir);
  if (!table.is_partitioned()) AddBuckets(table, server_id, out);
}

void FillPartition(const TableInfo& table, const PartitionInfo& partition, int32_t server_id,
                   pb::PbPartitionMetadata& out) {
  out.set_table_id(table.id.value);
  out.set_partition_name(partition.name);
  out.set_partition_id(partition.id.value);
  out.set_bucket_count(table.bucket_count());
  AddBuckets(table, server_id, out);
}

}  // namespace

Result<pb::MetadataResponse> GetMetadata(RequestContext& context,
                                         const pb::MetadataRequest& request) {
  std::vector<Named> named;
  RETURN_IF_ERROR(FindTables(context, request, named));
  RETURN_IF_ERROR(FindPartitionsByPath(context, request, named));
  RETURN_IF_ERROR(FindPartitionsById(context, request, named));

  const int32_t server_id = context.services().server_id;
  pb::MetadataResponse response;
  FillNode(context, *response.mutable_coordinator_server());
  FillNode(context, *response.add_tablet_servers());
  for (const auto& [table, partition] : named) {
    if (partition == nullptr) {
      FillTable(*table, CatalogOf(context), server_id, *response.add_table_metadata());
    } else {
      FillPartition(*table, *partition, server_id, *response.add_partition_metadata());
    }
  }
  return response;
}

}  // namespace weir
