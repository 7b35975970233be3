// The protocol at a glance, and our to-do list: which requests exist, in which versions, who may
// call them, what the caller must be allowed to do, and who answers. See rpc/api.h for the columns.
// Source: Fluss 1.0.0 ApiKeys; operations and resources as in its CoordinatorService and
// TabletService.
#include <algorithm>
#include <array>

#include "handlers/handlers.h"
#include "rpc/handler.h"

namespace weir {
namespace {

using enum Access;
using enum Operation;

constexpr Needs Free() { return {Scope::kHandshake, kDescribe}; }
constexpr Needs OnCluster(Operation operation) { return {Scope::kCluster, operation}; }
constexpr Needs OnDatabase(Operation operation) { return {Scope::kDatabase, operation}; }
constexpr Needs OnTable(Operation operation) { return {Scope::kTable, operation}; }
constexpr Needs OnEach(Operation operation) { return {Scope::kEach, operation}; }

// clang-format off
constexpr std::array kApis = {
    //  key                                   versions access    needs                    name (and who answers)
    Api{ApiKey::kApiVersions,                 0, 0, kPublic,  Free(),                  "ApiVersions",                kHandler<&ApiVersions>},
    Api{ApiKey::kCreateDatabase,              0, 0, kClient,  OnCluster(kCreate),      "CreateDatabase",             kHandler<&CreateDatabase>},
    Api{ApiKey::kDropDatabase,                0, 0, kClient,  OnDatabase(kDrop),       "DropDatabase",               kHandler<&DropDatabase>},
    Api{ApiKey::kListDatabases,               0, 0, kClient,  OnEach(kDescribe),       "ListDatabases",              kHandler<&ListDatabases>},
    Api{ApiKey::kDatabaseExists,              0, 0, kClient,  OnEach(kDescribe),       "DatabaseExists",             kHandler<&DatabaseExists>},
    Api{ApiKey::kCreateTable,                 0, 0, kClient,  OnDatabase(kCreate),     "CreateTable",                kHandler<&CreateTable>},
    Api{ApiKey::kDropTable,                   0, 0, kClient,  OnTable(kDrop),          "DropTable",                  kHandler<&DropTable>},
    Api{ApiKey::kGetTableInfo,                0, 0, kClient,  OnTable(kDescribe),      "GetTableInfo",               kHandler<&GetTableInfo>},
    Api{ApiKey::kListTables,                  0, 0, kClient,  OnEach(kDescribe),       "ListTables",                 kHandler<&ListTables>},
    Api{ApiKey::kListPartitionInfos,          0, 0, kClient,  OnTable(kDescribe),      "ListPartitionInfos",         kHandler<&ListPartitionInfos>},
    Api{ApiKey::kTableExists,                 0, 0, kClient,  OnEach(kDescribe),       "TableExists",                kHandler<&TableExists>},
    Api{ApiKey::kGetTableSchema,              0, 0, kClient,  OnTable(kDescribe),      "GetTableSchema",             kHandler<&GetTableSchema>},
    Api{ApiKey::kGetMetadata,                 0, 0, kClient,  OnEach(kDescribe),       "GetMetadata",                kHandler<&GetMetadata>},
    Api{ApiKey::kUpdateMetadata,              0, 0, kPrivate, OnCluster(kAlter),       "UpdateMetadata",             kNotYet},
    Api{ApiKey::kProduceLog,                  0, 1, kClient,  OnTable(kWrite),         "ProduceLog",                 kHandler<&ProduceLog>},
    Api{ApiKey::kFetchLog,                    0, 0, kClient,  OnEach(kRead),           "FetchLog",                   kHandler<&FetchLog>},
    Api{ApiKey::kPutKv,                       0, 3, kClient,  OnTable(kWrite),         "PutKv",                      kHandler<&PutKv>},
    Api{ApiKey::kLookup,                      0, 1, kClient,  OnTable(kRead),          "Lookup",                     kHandler<&Lookup>},
    Api{ApiKey::kNotifyLeaderAndIsr,          0, 0, kPrivate, OnCluster(kAlter),       "NotifyLeaderAndIsr",         kNotYet},
    Api{ApiKey::kStopReplica,                 0, 0, kPrivate, OnCluster(kAlter),       "StopReplica",                kNotYet},
    Api{ApiKey::kAdjustIsr,                   0, 0, kPrivate, OnCluster(kAlter),       "AdjustIsr",                  kNotYet},
    Api{ApiKey::kListOffsets,                 0, 0, kClient,  OnTable(kDescribe),      "ListOffsets",                kHandler<&ListOffsets>},
    Api{ApiKey::kCommitKvSnapshot,            0, 0, kPrivate, OnCluster(kAlter),       "CommitKvSnapshot",           kNotYet},
    Api{ApiKey::kGetLatestKvSnapshots,        0, 0, kClient,  OnTable(kDescribe),      "GetLatestKvSnapshots",       kHandler<&GetLatestKvSnapshots>},
    Api{ApiKey::kGetKvSnapshotMetadata,       0, 1, kClient,  OnTable(kDescribe),      "GetKvSnapshotMetadata",      kHandler<&GetKvSnapshotMetadata>},
    Api{ApiKey::kGetFilesystemSecurityToken,  0, 0, kClient,  OnEach(kRead),           "GetFileSystemSecurityToken", kHandler<&GetFileSystemSecurityToken>},
    Api{ApiKey::kInitWriter,                  0, 0, kClient,  OnEach(kWrite),          "InitWriter",                 kHandler<&InitWriter>},
    Api{ApiKey::kCommitRemoteLogManifest,     0, 0, kPrivate, OnCluster(kAlter),       "CommitRemoteLogManifest",    kNotYet},
    Api{ApiKey::kNotifyRemoteLogOffsets,      0, 0, kPrivate, OnCluster(kAlter),       "NotifyRemoteLogOffsets",     kNotYet},
    Api{ApiKey::kNotifyKvSnapshotOffset,      0, 0, kPrivate, OnCluster(kAlter),       "NotifyKvSnapshotOffset",     kNotYet},
    Api{ApiKey::kCommitLakeTableSnapshot,     0, 0, kPrivate, OnEach(kWrite),          "CommitLakeTableSnapshot",    kHandler<&CommitLakeTableSnapshot>},
    Api{ApiKey::kNotifyLakeTableOffset,       0, 0, kPrivate, OnCluster(kAlter),       "NotifyLakeTableOffset",      kNotYet},
    Api{ApiKey::kGetLakeSnapshot,             0, 0, kClient,  OnTable(kDescribe),      "GetLakeSnapshot",            kHandler<&GetLakeSnapshot>},
    Api{ApiKey::kLimitScan,                   0, 0, kClient,  OnTable(kRead),          "LimitScan",                  kHandler<&LimitScan>},
    Api{ApiKey::kPrefixLookup,                0, 1, kClient,  OnTable(kRead),          "PrefixLookup",               kHandler<&PrefixLookup>},
    Api{ApiKey::kGetDatabaseInfo,             0, 0, kClient,  OnDatabase(kDescribe),   "GetDatabaseInfo",            kHandler<&GetDatabaseInfo>},
    Api{ApiKey::kCreatePartition,             0, 0, kClient,  OnTable(kWrite),         "CreatePartition",            kHandler<&CreatePartition>},
    Api{ApiKey::kDropPartition,               0, 0, kClient,  OnTable(kWrite),         "DropPartition",              kHandler<&DropPartition>},
    Api{ApiKey::kAuthenticate,                0, 0, kPublic,  Free(),                  "Authenticate",               kHandler<&Authenticate>},
    Api{ApiKey::kCreateAcls,                  0, 0, kClient,  OnCluster(kAlter),       "CreateAcls",                 kHandler<&CreateAcls>},
    Api{ApiKey::kListAcls,                    0, 0, kClient,  OnCluster(kDescribe),    "ListAcls",                   kHandler<&ListAcls>},
    Api{ApiKey::kDropAcls,                    0, 0, kClient,  OnCluster(kAlter),       "DropAcls",                   kHandler<&DropAcls>},
    Api{ApiKey::kLakeTieringHeartbeat,        0, 0, kPrivate, OnEach(kWrite),          "LakeTieringHeartbeat",       kHandler<&LakeTieringHeartbeat>},
    Api{ApiKey::kControlledShutdown,          0, 0, kPrivate, OnCluster(kAlter),       "ControlledShutdown",         kNotYet},
    Api{ApiKey::kAlterTable,                  0, 1, kClient,  OnTable(kAlter),         "AlterTable",                 kHandler<&AlterTable>},
    Api{ApiKey::kDescribeClusterConfigs,      0, 0, kClient,  OnCluster(kDescribe),    "DescribeClusterConfigs",     kHandler<&DescribeClusterConfigs>},
    Api{ApiKey::kAlterClusterConfigs,         0, 0, kClient,  OnCluster(kAlter),       "AlterClusterConfigs",        kHandler<&AlterClusterConfigs>},
    Api{ApiKey::kAddServerTag,                0, 0, kClient,  OnCluster(kAlter),       "AddServerTag",               kHandler<&AddServerTag>},
    Api{ApiKey::kRemoveServerTag,             0, 0, kClient,  OnCluster(kAlter),       "RemoveServerTag",            kHandler<&RemoveServerTag>},
    Api{ApiKey::kRebalance,                   0, 0, kClient,  OnCluster(kWrite),       "Rebalance",                  kHandler<&Rebalance>},
    Api{ApiKey::kListRebalanceProgress,       0, 0, kClient,  OnCluster(kDescribe),    "ListRebalanceProgress",      kHandler<&ListRebalanceProgress>},
    Api{ApiKey::kCancelRebalance,             0, 0, kClient,  OnCluster(kWrite),       "CancelRebalance",            kHandler<&CancelRebalance>},
    Api{ApiKey::kPrepareLakeTableSnapshot,    0, 0, kPrivate, OnEach(kWrite),          "PrepareLakeTableSnapshot",   kHandler<&PrepareLakeTableSnapshot>},
    Api{ApiKey::kRegisterProducerOffsets,     0, 0, kClient,  OnEach(kRead),           "RegisterProducerOffsets",    kHandler<&RegisterProducerOffsets>},
    Api{ApiKey::kGetProducerOffsets,          0, 0, kClient,  OnEach(kRead),           "GetProducerOffsets",         kHandler<&GetProducerOffsets>},
    Api{ApiKey::kDeleteProducerOffsets,       0, 0, kClient,  OnEach(kRead),           "DeleteProducerOffsets",      kHandler<&DeleteProducerOffsets>},
    Api{ApiKey::kAcquireKvSnapshotLease,      0, 0, kClient,  OnEach(kRead),           "AcquireKvSnapshotLease",     kHandler<&AcquireKvSnapshotLease>},
    Api{ApiKey::kReleaseKvSnapshotLease,      0, 0, kClient,  OnEach(kRead),           "ReleaseKvSnapshotLease",     kHandler<&ReleaseKvSnapshotLease>},
    Api{ApiKey::kDropKvSnapshotLease,         0, 0, kClient,  OnEach(kRead),           "DropKvSnapshotLease",        kHandler<&DropKvSnapshotLease>},
    Api{ApiKey::kGetTableStats,               0, 0, kClient,  OnTable(kDescribe),      "GetTableStats",              kHandler<&GetTableStats>},
    Api{ApiKey::kAlterDatabase,               0, 0, kClient,  OnDatabase(kAlter),      "AlterDatabase",              kHandler<&AlterDatabase>},
    Api{ApiKey::kScanKv,                      0, 0, kClient,  OnEach(kRead),           "ScanKv",                     kHandler<&ScanKv>},
    Api{ApiKey::kGetClusterHealth,            0, 0, kClient,  OnCluster(kDescribe),    "GetClusterHealth",           kHandler<&GetClusterHealth>},
    Api{ApiKey::kListRemoteLogManifests,      0, 0, kClient,  OnTable(kDescribe),      "ListRemoteLogManifests",     kNotYet},
    Api{ApiKey::kListKvSnapshots,             0, 0, kClient,  OnTable(kDescribe),      "ListKvSnapshots",            kNotYet},
    Api{ApiKey::kAddServerTagByRack,          0, 0, kClient,  OnCluster(kAlter),       "AddServerTagByRack",         kHandler<&AddServerTagByRack>},
    Api{ApiKey::kRemoveServerTagByRack,       0, 0, kClient,  OnCluster(kAlter),       "RemoveServerTagByRack",      kHandler<&RemoveServerTagByRack>},
};
// clang-format on

static_assert(std::ranges::adjacent_find(kApis, std::ranges::greater_equal{}, &Api::key) ==
                  kApis.end(),
              "sorted by key, no duplicates");
static_assert(std::ranges::all_of(kApis, &Api::authorizable),
              "a request that is served says what it is about, so that it can be authorized");

}  // namespace

std::span<const Api> Apis() { return kApis; }

const Api* FindApi(ApiKey key) {
  const auto found = std::ranges::lower_bound(kApis, key, {}, &Api::key);
  return found != kApis.end() && found->key == key ? &*found : nullptr;
}

}  // namespace weir
