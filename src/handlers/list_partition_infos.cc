// LIST_PARTITION_INFOS: the partitions of a table, or those whose named keys have the given values.
// Source: Fluss 545c5539 RpcServiceBase.listPartitionInfos
#include "handlers/catalog_requests.h"
#include "meta/auto_partition.h"
#include "record/partition_name.h"

namespace weir {

Result<pb::ListPartitionInfosResponse> ListPartitionInfos(
    RequestContext& context, const pb::ListPartitionInfosRequest& request) {
  ASSIGN_OR_RETURN(const TableRef table,
                   CatalogOf(context).GetTable(ToTablePath(request.table_path())));
  ASSIGN_OR_RETURN(const std::vector<PartitionInfo> partitions,
                   MatchingPartitions(*table, ToPartitionSpec(request.partial_partition_spec())));
  pb::ListPartitionInfosResponse response;
  const auto& keys = table->descriptor.partition_keys;
  for (const PartitionInfo& partition : partitions) {
    if (partition.name == kHistoricalPartition && !request.include_system_partitions()) continue;
    auto& info = *response.add_partitions_info();
    info.set_partition_id(partition.id.value);
    info.set_bucket_count(table->bucket_count());
    const std::vector<std::string> values = SplitPartitionName(partition.name);
    for (size_t i = 0; i < values.size() && i < keys.size(); ++i) {
      auto& item = *info.mutable_partition_spec()->add_partition_key_values();
      item.set_key(keys[i]);
      item.set_value(values[i]);
    }
  }
  if (request.include_system_partitions()) response.set_system_partitions_included(true);
  return response;
}

}  // namespace weir
