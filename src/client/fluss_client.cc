#include "client/fluss_client.h"

#include <charconv>
#include <chrono>
#include <thread>

#include "proto/fluss_api.pb.h"
#include "record/partition_name.h"
#include "record/schema_json.h"

namespace weir {
namespace {

// Apache Fluss elects leaders after it has answered CREATE_TABLE; Weir never makes a client wait
// here.
constexpr int kLeaderAttemptsMax = 100;
constexpr std::chrono::milliseconds kLeaderRetry{50};

void SetPath(pb::PbTablePath* to, const TablePath& path) {
  to->set_database_name(path.database);
  to->set_table_name(path.table);
}

/// Split "host:port", "[::1]:9123".
Result<std::pair<std::string, int>> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon != std::string_view::npos) {
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = 0;
  }
  if (port < 1 || port > 65535) return Fail(ErrorCode::kInvalidConfig, "not HOST:PORT: {}", text);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return std::pair(std::string(host), port);
}

}  // namespace

Result<std::unique_ptr<FlussClient>> FlussClient::Connect(std::string_view bootstrap,
                                                          const ClientOptions& options) {
  ASSIGN_OR_RETURN(const auto address, ParseAddress(bootstrap));
  std::unique_ptr<FlussClient> client(new FlussClient());
  client->options_ = options;
  RETURN_IF_ERROR(client->Bootstrap(address.first, address.second));
  return client;
}

Status FlussClient::Bootstrap(const std::string& host, int port) {
  ASSIGN_OR_RETURN(ClientConnection* const first, ConnectTo(host, port));
  ASSIGN_OR_RETURN(const auto metadata,
                   first->Call<pb::MetadataResponse>(ApiKey::kGetMetadata, pb::MetadataRequest()));
  for (const auto& node : metadata.tablet_servers()) {
    ASSIGN_OR_RETURN(tablet_servers_[node.node_id()], ConnectTo(node.host(), node.port()));
  }
  if (tablet_servers_.empty()) {
    return Fail(ErrorCode::kLeaderNotAvailable, "the cluster has no tablet server: bootstrap={}:{}",
                host, port);
  }
  coordinator_ = first;
  if (metadata.has_coordinator_server()) {
    const auto& node = metadata.coordinator_server();
    ASSIGN_OR_RETURN(coordinator_, ConnectTo(node.host(), node.port()));
  }
  return {};
}

Result<ClientConnection*> FlussClient::ConnectTo(const std::string& host, int port) {
  auto& connection = connections_[{host, port}];
  if (!connection) {
    auto opened = ClientConnection::Open(host, port, options_);
    if (!opened.ok()) {
      connections_.erase({host, port});
      return Forward(std::move(opened));
    }
    connection = std::move(*opened);
  }
  return connection.get();
}

Result<std::vector<std::string>> FlussClient::ListDatabases() {
  ASSIGN_OR_RETURN(const auto response, coordinator_->Call<pb::ListDatabasesResponse>(
                                            ApiKey::kListDatabases, pb::ListDatabasesRequest()));
  return std::vector<std::string>(response.database_name().begin(), response.database_name().end());
}

Status FlussClient::CreateDatabase(const std::string& name, IfThere if_there) {
  pb::CreateDatabaseRequest request;
  request.set_database_name(name);
  request.set_ignore_if_exists(if_there == IfThere::kIgnore);
  RETURN_IF_ERROR(coordinator_->Call<pb::CreateDatabaseResponse>(ApiKey::kCreateDatabase, request));
  return {};
}

Status FlussClient::DropDatabase(const std::string& name) {
  pb::DropDatabaseRequest request;
  request.set_database_name(name);
  request.set_ignore_if_not_exists(true);
  request.set_cascade(true);
  RETURN_IF_ERROR(coordinator_->Call<pb::DropDatabaseResponse>(ApiKey::kDropDatabase, request));
  return {};
}

Result<std::vector<std::string>> FlussClient::ListTables(const std::string& database) {
  pb::ListTablesRequest request;
  request.set_database_name(database);
  ASSIGN_OR_RETURN(const auto response,
                   coordinator_->Call<pb::ListTablesResponse>(ApiKey::kListTables, request));
  return std::vector<std::string>(response.table_name().begin(), response.table_name().end());
}

Status FlussClient::CreateTable(const TablePath& path, const TableDescriptor& descriptor,
                                IfThere if_there) {
  pb::CreateTableRequest request;
  SetPath(request.mutable_table_path(), path);
  request.set_table_json(ToJson(descriptor));
  request.set_ignore_if_exists(if_there == IfThere::kIgnore);
  RETURN_IF_ERROR(coordinator_->Call<pb::CreateTableResponse>(ApiKey::kCreateTable, request));
  return {};
}

Status FlussClient::DropTable(const TablePath& path, IfThere if_not_there) {
  pb::DropTableRequest request;
  SetPath(request.mutable_table_path(), path);
  request.set_ignore_if_not_exists(if_not_there == IfThere::kIgnore);
  RETURN_IF_ERROR(coordinator_->Call<pb::DropTableResponse>(ApiKey::kDropTable, request));
  return {};
}

Result<TableRef> FlussClient::OpenTable(const TablePath& path) {
  pb::GetTableInfoRequest request;
  SetPath(request.mutable_table_path(), path);
  ASSIGN_OR_RETURN(const auto response,
                   coordinator_->Call<pb::GetTableInfoResponse>(ApiKey::kGetTableInfo, request));
  ASSIGN_OR_RETURN(TableDescriptor descriptor, TableDescriptorFromJson(response.table_json()));
  // Servers add properties for readers of the lake, and later ones may know more than we do.
  Properties known = descriptor.properties;
  std::erase_if(known, [](const auto& one) { return FindTableOption(one.first) == nullptr; });
  ASSIGN_OR_RETURN(TableConfig config, ParseTableConfig(known));
  if (!descriptor.bucket_count) descriptor.bucket_count = 1;
  const SchemaId schema_id(static_cast<int16_t>(response.schema_id()));
  auto schema = std::make_shared<const Schema>(descriptor.schema);
  auto table = std::make_shared<TableInfo>(TableInfo{.id = TableId(response.table_id()),
                                                     .path = path,
                                                     .descriptor = std::move(descriptor),
                                                     .config = std::move(config),
                                                     .schemas = {{schema_id, std::move(schema)}},
                                                     .schema_id = schema_id,
                                                     .created_ms = response.created_time(),
                                                     .modified_ms = response.modified_time()});
  if (table->is_partitioned()) {
    pb::ListPartitionInfosRequest list;
    SetPath(list.mutable_table_path(), path);
    ASSIGN_OR_RETURN(const auto partitions, coordinator_->Call<pb::ListPartitionInfosResponse>(
                                                ApiKey::kListPartitionInfos, list));
    for (const auto& partition : partitions.partitions_info()) {
      std::vector<std::string> values;
      for (const auto& pair : partition.partition_spec().partition_key_values())
        values.push_back(pair.value());
      const std::string name = JoinPartitionName(values);
      table->partitions[name] = {.id = PartitionId(partition.partition_id()), .name = name};
    }
  }
  return TableRef(std::move(table));
}

Status FlussClient::CreatePartition(const TableInfo& table,
                                    const std::vector<std::string>& values) {
  pb::CreatePartitionRequest request;
  SetPath(request.mutable_table_path(), table.path);
  const auto& keys = table.descriptor.partition_keys;
  if (keys.size() != values.size()) {
    return Fail(ErrorCode::kPartitionSpecInvalid, "the table has {} partition keys, not {}",
                keys.size(), values.size());
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    auto* pair = request.mutable_partition_spec()->add_partition_key_values();
    pair->set_key(keys[i]);
    pair->set_value(values[i]);
  }
  request.set_ignore_if_not_exists(true);
  RETURN_IF_ERROR(
      coordinator_->Call<pb::CreatePartitionResponse>(ApiKey::kCreatePartition, request));
  return {};
}

Result<std::shared_ptr<const Schema>> FlussClient::FetchSchema(const TableInfo& table,
                                                               SchemaId id) {
  if (auto known = table.FindSchema(id)) return known;
  pb::GetTableSchemaRequest request;
  SetPath(request.mutable_table_path(), table.path);
  request.set_schema_id(id.value);
  ASSIGN_OR_RETURN(const auto response, coordinator_->Call<pb::GetTableSchemaResponse>(
                                            ApiKey::kGetTableSchema, request));
  ASSIGN_OR_RETURN(Schema schema, SchemaFromText(response.schema_json()));
  return std::make_shared<const Schema>(std::move(schema));
}

Result<std::vector<Offset>> FlussClient::ListOffsets(const TableInfo& table,
                                                     std::optional<PartitionId> partition,
                                                     const OffsetQuery& spec) {
  std::vector<Offset> offsets;
  for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket) {
    const TableBucket id{table.id, partition, bucket};
    ASSIGN_OR_RETURN(ClientConnection* const leader, LeaderOf(table, id));
    pb::ListOffsetsRequest request;
    request.set_follower_server_id(-1);
    request.set_offset_type(static_cast<int32_t>(spec.kind));
    request.set_table_id(table.id.value);
    if (partition) request.set_partition_id(partition->value);
    request.add_bucket_id(bucket);
    if (spec.kind == OffsetQuery::Kind::kTimestamp) request.set_starttimestamp(spec.timestamp_ms);
    ASSIGN_OR_RETURN(const auto response,
                     leader->Call<pb::ListOffsetsResponse>(ApiKey::kListOffsets, request));
    for (const auto& answer : response.buckets_resp()) {
      if (answer.error_code() != 0) {
        return Fail(static_cast<ErrorCode>(answer.error_code()), "{}", answer.error_message());
      }
      offsets.push_back(answer.offset());
    }
  }
  return offsets;
}

Result<std::vector<BucketStats>> FlussClient::Stats(const TableInfo& table,
                                                    std::optional<PartitionId> partition) {
  std::vector<BucketStats> stats;
  for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket) {
    const TableBucket id{table.id, partition, bucket};
    ASSIGN_OR_RETURN(ClientConnection* const leader, LeaderOf(table, id));
    pb::GetTableStatsRequest request;
    request.set_table_id(table.id.value);
    auto* wanted = request.add_buckets_req();
    if (partition) wanted->set_partition_id(partition->value);
    wanted->set_bucket_id(bucket);
    ASSIGN_OR_RETURN(const auto response,
                     leader->Call<pb::GetTableStatsResponse>(ApiKey::kGetTableStats, request));
    BucketStats& entry = stats.emplace_back(BucketStats{.bucket = id, .rows = {}});
    for (const auto& answer : response.buckets_resp()) {
      if (answer.error_code() == 0 && answer.has_row_count()) entry.rows = answer.row_count();
    }
  }
  return stats;
}

Result<int64_t> FlussClient::InitWriter(const TablePath& path) {
  pb::InitWriterRequest request;
  SetPath(request.add_table_path(), path);
  ClientConnection* const any = tablet_servers_.begin()->second;
  ASSIGN_OR_RETURN(const auto response,
                   any->Call<pb::InitWriterResponse>(ApiKey::kInitWriter, request));
  return response.writer_id();
}

Result<ClientConnection*> FlussClient::LeaderOf(const TableInfo& table, const TableBucket& bucket) {
  for (int attempt = 0; attempt < kLeaderAttemptsMax; ++attempt) {
    if (const auto known = leaders_.find(bucket); known != leaders_.end())
      return tablet_servers_.at(known->second);
    if (attempt > 0) std::this_thread::sleep_for(kLeaderRetry);
    RETURN_IF_ERROR(FindLeaders(table, bucket));
  }
  return Fail(ErrorCode::kLeaderNotAvailable, "the bucket has no leader: table={} bucket={}",
              table.path.ToString(), bucket.bucket);
}

Status FlussClient::FindLeaders(const TableInfo& table, const TableBucket& bucket) {
  pb::MetadataRequest request;
  SetPath(request.add_table_path(), table.path);
  if (bucket.partition) request.add_partitions_id(bucket.partition->value);
  ClientConnection* const any = tablet_servers_.begin()->second;
  ASSIGN_OR_RETURN(const auto response,
                   any->Call<pb::MetadataResponse>(ApiKey::kGetMetadata, request));
  const auto keep = [&](const auto& buckets, std::optional<PartitionId> partition) {
    for (const auto& entry : buckets) {
      if (entry.has_leader_id() && tablet_servers_.contains(entry.leader_id())) {
        leaders_[{table.id, partition, entry.bucket_id()}] = entry.leader_id();
      }
    }
  };
  for (const auto& entry : response.table_metadata()) keep(entry.bucket_metadata(), std::nullopt);
  for (const auto& entry : response.partition_metadata()) {
    keep(entry.bucket_metadata(), PartitionId(entry.partition_id()));
  }
  return {};
}

std::vector<TableBucket> FlussClient::BucketsOf(const TableInfo& table) {
  std::vector<TableBucket> buckets;
  const auto add = [&](std::optional<PartitionId> partition) {
    for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket)
      buckets.push_back({table.id, partition, bucket});
  };
  if (!table.is_partitioned()) add(std::nullopt);
  for (const auto& [name, partition] : table.partitions) add(partition.id);
  return buckets;
}

}  // namespace weir
