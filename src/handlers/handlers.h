// Every request we serve, one function and one file each (handlers/<api>.cc); rows in
// handlers/api_table.cc. To add one: declare it here, write the file, put kHandler<&X> into its
// row.
#pragma once

#include <span>

#include "proto/fluss_api.pb.h"
#include "rpc/api.h"

namespace weir {

/// The API table: a row for every request of the protocol, sorted by key.
std::span<const Api> Apis();

/// The row of `key`, or null when the protocol has no such request.
const Api* FindApi(ApiKey key);

// Handshake.
Result<pb::ApiVersionsResponse> ApiVersions(RequestContext& context,
                                            const pb::ApiVersionsRequest& request);
Task<Result<pb::AuthenticateResponse>> Authenticate(RequestContext& context,
                                                    const pb::AuthenticateRequest& request);

// Data: hot requests decode and authorize themselves.
Task<Result<Pieces>> ProduceLog(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> FetchLog(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> PutKv(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> Lookup(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> PrefixLookup(RequestContext& context, SharedBytes body);
Task<Result<Pieces>> LimitScan(RequestContext& context, SharedBytes body);
Task<Result<pb::ScanKvResponse>> ScanKv(RequestContext& context, const pb::ScanKvRequest& request);
Task<Result<pb::ListOffsetsResponse>> ListOffsets(RequestContext& context,
                                                  const pb::ListOffsetsRequest& request);
Task<Result<pb::GetTableStatsResponse>> GetTableStats(RequestContext& context,
                                                      const pb::GetTableStatsRequest& request);

// Catalog. Changes wait for the disk, on the blocking pool.
Task<Result<pb::CreateDatabaseResponse>> CreateDatabase(RequestContext& context,
                                                        const pb::CreateDatabaseRequest& request);
Task<Result<pb::AlterDatabaseResponse>> AlterDatabase(RequestContext& context,
                                                      const pb::AlterDatabaseRequest& request);
Task<Result<pb::DropDatabaseResponse>> DropDatabase(RequestContext& context,
                                                    const pb::DropDatabaseRequest& request);
Task<Result<pb::CreateTableResponse>> CreateTable(RequestContext& context,
                                                  const pb::CreateTableRequest& request);
Task<Result<pb::AlterTableResponse>> AlterTable(RequestContext& context,
                                                const pb::AlterTableRequest& request);
Task<Result<pb::DropTableResponse>> DropTable(RequestContext& context,
                                              const pb::DropTableRequest& request);
Task<Result<pb::CreatePartitionResponse>> CreatePartition(
    RequestContext& context, const pb::CreatePartitionRequest& request);
Task<Result<pb::DropPartitionResponse>> DropPartition(RequestContext& context,
                                                      const pb::DropPartitionRequest& request);
Task<Result<pb::InitWriterResponse>> InitWriter(RequestContext& context,
                                                const pb::InitWriterRequest& request);
Result<pb::ListDatabasesResponse> ListDatabases(RequestContext& context,
                                                const pb::ListDatabasesRequest& request);
Result<pb::DatabaseExistsResponse> DatabaseExists(RequestContext& context,
                                                  const pb::DatabaseExistsRequest& request);
Result<pb::GetDatabaseInfoResponse> GetDatabaseInfo(RequestContext& context,
                                                    const pb::GetDatabaseInfoRequest& request);
Result<pb::GetTableInfoResponse> GetTableInfo(RequestContext& context,
                                              const pb::GetTableInfoRequest& request);
Result<pb::GetTableSchemaResponse> GetTableSchema(RequestContext& context,
                                                  const pb::GetTableSchemaRequest& request);
Result<pb::ListTablesResponse> ListTables(RequestContext& context,
                                          const pb::ListTablesRequest& request);
Result<pb::TableExistsResponse> TableExists(RequestContext& context,
                                            const pb::TableExistsRequest& request);
Result<pb::ListPartitionInfosResponse> ListPartitionInfos(
    RequestContext& context, const pb::ListPartitionInfosRequest& request);
Result<pb::MetadataResponse> GetMetadata(RequestContext& context,
                                         const pb::MetadataRequest& request);

// Snapshots, lake and remote files.
Result<pb::GetLatestKvSnapshotsResponse> GetLatestKvSnapshots(
    RequestContext& context, const pb::GetLatestKvSnapshotsRequest& request);
Result<pb::GetKvSnapshotMetadataResponse> GetKvSnapshotMetadata(
    RequestContext& context, const pb::GetKvSnapshotMetadataRequest& request);
Task<Result<pb::GetLakeSnapshotResponse>> GetLakeSnapshot(
    RequestContext& context, const pb::GetLakeSnapshotRequest& request);
Result<pb::LakeTieringHeartbeatResponse> LakeTieringHeartbeat(
    RequestContext& context, const pb::LakeTieringHeartbeatRequest& request);
Task<Result<pb::PrepareLakeTableSnapshotResponse>> PrepareLakeTableSnapshot(
    RequestContext& context, const pb::PrepareLakeTableSnapshotRequest& request);
Task<Result<pb::CommitLakeTableSnapshotResponse>> CommitLakeTableSnapshot(
    RequestContext& context, const pb::CommitLakeTableSnapshotRequest& request);
Result<pb::GetFileSystemSecurityTokenResponse> GetFileSystemSecurityToken(
    RequestContext& context, const pb::GetFileSystemSecurityTokenRequest& request);
Task<Result<pb::AcquireKvSnapshotLeaseResponse>> AcquireKvSnapshotLease(
    RequestContext& context, const pb::AcquireKvSnapshotLeaseRequest& request);
Task<Result<pb::ReleaseKvSnapshotLeaseResponse>> ReleaseKvSnapshotLease(
    RequestContext& context, const pb::ReleaseKvSnapshotLeaseRequest& request);
Task<Result<pb::DropKvSnapshotLeaseResponse>> DropKvSnapshotLease(
    RequestContext& context, const pb::DropKvSnapshotLeaseRequest& request);

// Administration.
Result<pb::CreateAclsResponse> CreateAcls(RequestContext& context,
                                          const pb::CreateAclsRequest& request);
Result<pb::ListAclsResponse> ListAcls(RequestContext& context, const pb::ListAclsRequest& request);
Result<pb::DropAclsResponse> DropAcls(RequestContext& context, const pb::DropAclsRequest& request);
Result<pb::DescribeClusterConfigsResponse> DescribeClusterConfigs(
    RequestContext& context, const pb::DescribeClusterConfigsRequest& request);
Result<pb::GetClusterHealthResponse> GetClusterHealth(RequestContext& context,
                                                      const pb::GetClusterHealthRequest& request);
Result<pb::RebalanceResponse> Rebalance(RequestContext& context,
                                        const pb::RebalanceRequest& request);
Result<pb::ListRebalanceProgressResponse> ListRebalanceProgress(
    RequestContext& context, const pb::ListRebalanceProgressRequest& request);
Result<pb::CancelRebalanceResponse> CancelRebalance(RequestContext& context,
                                                    const pb::CancelRebalanceRequest& request);
Result<pb::AddServerTagByRackResponse> AddServerTagByRack(
    RequestContext& context, const pb::AddServerTagByRackRequest& request);
Result<pb::RemoveServerTagByRackResponse> RemoveServerTagByRack(
    RequestContext& context, const pb::RemoveServerTagByRackRequest& request);
Result<pb::GetProducerOffsetsResponse> GetProducerOffsets(
    RequestContext& context, const pb::GetProducerOffsetsRequest& request);
Task<Result<pb::AlterClusterConfigsResponse>> AlterClusterConfigs(
    RequestContext& context, const pb::AlterClusterConfigsRequest& request);
Task<Result<pb::AddServerTagResponse>> AddServerTag(RequestContext& context,
                                                    const pb::AddServerTagRequest& request);
Task<Result<pb::RemoveServerTagResponse>> RemoveServerTag(
    RequestContext& context, const pb::RemoveServerTagRequest& request);
Task<Result<pb::RegisterProducerOffsetsResponse>> RegisterProducerOffsets(
    RequestContext& context, const pb::RegisterProducerOffsetsRequest& request);
Task<Result<pb::DeleteProducerOffsetsResponse>> DeleteProducerOffsets(
    RequestContext& context, const pb::DeleteProducerOffsetsRequest& request);

}  // namespace weir
