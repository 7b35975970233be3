// The protocol at a glance, and our to-do list: which requests exist, in which versions, who may call them,
// what the caller must be allowed to do, and who answers. See rpc/api.h for the columns.
// Source: Fluss 1.0.0 ApiKeys; operations and resources as in its CoordinatorService and TabletService.
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
    //  key                                   min max access    needs                    name                         handler
    Api{ApiKey::kApiVersions,                 0, 0, kPublic,  Free(),                  "ApiVersions",                kHandler<&ApiVersions>},
    Api{ApiKey::kCreateDatabase,              0, 0, kClient,  OnCluster(kCreate),      "CreateDatabase",             kNotYet},
    Api{ApiKey::kDropDatabase,                0, 0, kClient,  OnDatabase(kDrop),       "DropDatabase",               kNotYet},
    Api{ApiKey::kListDatabases,               0, 0, kClient,  OnEach(kDescribe),       "ListDatabases",              kNotYet},
    Api{ApiKey::kDatabaseExists,              0, 0, kClient,  OnEach(kDescribe),       "DatabaseExists",             kNotYet},
    Api{ApiKey::kCreateTable,                 0, 0, kClient,  OnDatabase(kCreate),     "CreateTable",                kNotYet},
    Api{ApiKey::kDropTable,                   0, 0, kClient,  OnTable(kDrop),          "DropTable",                  kNotYet},
    Api{ApiKey::kGetTableInfo,                0, 0, kClient,  OnTable(kDescribe),      "GetTableInfo",               kNotYet},
    Api{ApiKey::kListTables,                  0, 0, kClient,  OnEach(kDescribe),       "ListTables",                 kNotYet},
    Api{ApiKey::kListPartitionInfos,          0, 0, kClient,  OnTable(kDescribe),      "ListPartitionInfos",         kNotYet},
    Api{ApiKey::kTableExists,                 0, 0, kClient,  OnEach(kDescribe),       "TableExists",                kNotYet},
    Api{ApiKey::kGetTableSchema,              0, 0, kClient,  OnTable(kDescribe),      "GetTableSchema",             kNotYet},
    Api{ApiKey::kGetMetadata,                 0, 0, kClient,  OnEach(kDescribe),       "GetMetadata",                kNotYet},
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
    Api{ApiKey::kGetLatestKvSnapshots,        0, 0, kClient,  OnTable(kDescribe),      "GetLatestKvSnapshots",       kNotYet},
    Api{ApiKey::kGetKvSnapshotMetadata,       0, 1, kClient,  OnTable(kDescribe),      "GetKvSnapshotMetadata",      kNotYet},
    Api{ApiKey::kGetFilesystemSecurityToken,  0, 0, kClient,  OnEach(kRead),           "GetFileSystemSecurityToken", kNotYet},
    Api{ApiKey::kInitWriter,                  0, 0, kClient,  OnEach(kWrite),          "InitWriter",                 kNotYet},
    Api{ApiKey::kCommitRemoteLogManifest,     0, 0, kPrivate, OnCluster(kAlter),       "CommitRemoteLogManifest",    kNotYet},
    Api{ApiKey::kNotifyRemoteLogOffsets,      0, 0, kPrivate, OnCluster(kAlter),       "NotifyRemoteLogOffsets",     kNotYet},
    Api{ApiKey::kNotifyKvSnapshotOffset,      0, 0, kPrivate, OnCluster(kAlter),       "NotifyKvSnapshotOffset",     kNotYet},
    Api{ApiKey::kCommitLakeTableSnapshot,     0, 0, kPrivate, OnEach(kWrite),          "CommitLakeTableSnapshot",    kNotYet},
    Api{ApiKey::kNotifyLakeTableOffset,       0, 0, kPrivate, OnCluster(kAlter),       "NotifyLakeTableOffset",      kNotYet},
    Api{ApiKey::kGetLakeSnapshot,             0, 0, kClient,  OnTable(kDescribe),      "GetLakeSnapshot",            kNotYet},
    Api{ApiKey::kLimitScan,                   0, 0, kClient,  OnTable(kRead),          "LimitScan",                  kHandler<&LimitScan>},
    Api{ApiKey::kPrefixLookup,                0, 1, kClient,  OnTable(kRead),          "PrefixLookup",               kHandler<&PrefixLookup>},
    Api{ApiKey::kGetDatabaseInfo,             0, 0, kClient,  OnDatabase(kDescribe),   "GetDatabaseInfo",            kNotYet},
    Api{ApiKey::kCreatePartition,             0, 0, kClient,  OnTable(kWrite),         "CreatePartition",            kNotYet},
    Api{ApiKey::kDropPartition,               0, 0, kClient,  OnTable(kWrite),         "DropPartition",              kNotYet},
    Api{ApiKey::kAuthenticate,                0, 0, kPublic,  Free(),                  "Authenticate",               kHandler<&Authenticate>},
    Api{ApiKey::kCreateAcls,                  0, 0, kClient,  OnCluster(kAlter),       "CreateAcls",                 kNotYet},
    Api{ApiKey::kListAcls,                    0, 0, kClient,  OnCluster(kDescribe),    "ListAcls",                   kNotYet},
    Api{ApiKey::kDropAcls,                    0, 0, kClient,  OnCluster(kAlter),       "DropAcls",                   kNotYet},
    Api{ApiKey::kLakeTieringHeartbeat,        0, 0, kPrivate, OnEach(kWrite),          "LakeTieringHeartbeat",       kNotYet},
    Api{ApiKey::kControlledShutdown,          0, 0, kPrivate, OnCluster(kAlter),       "ControlledShutdown",         kNotYet},
    Api{ApiKey::kAlterTable,                  0, 1, kClient,  OnTable(kAlter),         "AlterTable",                 kNotYet},
    Api{ApiKey::kDescribeClusterConfigs,      0, 0, kClient,  OnCluster(kDescribe),    "DescribeClusterConfigs",     kNotYet},
    Api{ApiKey::kAlterClusterConfigs,         0, 0, kClient,  OnCluster(kAlter),       "AlterClusterConfigs",        kNotYet},
    Api{ApiKey::kAddServerTag,                0, 0, kClient,  OnCluster(kAlter),       "AddServerTag",               kNotYet},
    Api{ApiKey::kRemoveServerTag,             0, 0, kClient,  OnCluster(kAlter),       "RemoveServerTag",            kNotYet},
    Api{ApiKey::kRebalance,                   0, 0, kClient,  OnCluster(kWrite),       "Rebalance",                  kNotYet},
    Api{ApiKey::kListRebalanceProgress,       0, 0, kClient,  OnCluster(kDescribe),    "ListRebalanceProgress",      kNotYet},
    Api{ApiKey::kCancelRebalance,             0, 0, kClient,  OnCluster(kWrite),       "CancelRebalance",            kNotYet},
    Api{ApiKey::kPrepareLakeTableSnapshot,    0, 0, kPrivate, OnEach(kWrite),          "PrepareLakeTableSnapshot",   kNotYet},
    Api{ApiKey::kRegisterProducerOffsets,     0, 0, kClient,  OnEach(kRead),           "RegisterProducerOffsets",    kNotYet},
    Api{ApiKey::kGetProducerOffsets,          0, 0, kClient,  OnEach(kRead),           "GetProducerOffsets",         kNotYet},
    Api{ApiKey::kDeleteProducerOffsets,       0, 0, kClient,  OnEach(kRead),           "DeleteProducerOffsets",      kNotYet},
    Api{ApiKey::kAcquireKvSnapshotLease,      0, 0, kClient,  OnEach(kRead),           "AcquireKvSnapshotLease",     kNotYet},
    Api{ApiKey::kReleaseKvSnapshotLease,      0, 0, kClient,  OnEach(kRead),           "ReleaseKvSnapshotLease",     kNotYet},
    Api{ApiKey::kDropKvSnapshotLease,         0, 0, kClient,  OnEach(kRead),           "DropKvSnapshotLease",        kNotYet},
    Api{ApiKey::kGetTableStats,               0, 0, kClient,  OnTable(kDescribe),      "GetTableStats",              kHandler<&GetTableStats>},
    Api{ApiKey::kAlterDatabase,               0, 0, kClient,  OnDatabase(kAlter),      "AlterDatabase",              kNotYet},
    Api{ApiKey::kScanKv,                      0, 0, kClient,  OnEach(kRead),           "ScanKv",                     kHandler<&ScanKv>},
    Api{ApiKey::kGetClusterHealth,            0, 0, kClient,  OnCluster(kDescribe),    "GetClusterHealth",           kNotYet},
    Api{ApiKey::kListRemoteLogManifests,      0, 0, kClient,  OnTable(kDescribe),      "ListRemoteLogManifests",     kNotYet},
    Api{ApiKey::kListKvSnapshots,             0, 0, kClient,  OnTable(kDescribe),      "ListKvSnapshots",            kNotYet},
    Api{ApiKey::kAddServerTagByRack,          0, 0, kClient,  OnCluster(kAlter),       "AddServerTagByRack",         kNotYet},
    Api{ApiKey::kRemoveServerTagByRack,       0, 0, kClient,  OnCluster(kAlter),       "RemoveServerTagByRack",      kNotYet},
};
// clang-format on

static_assert(std::ranges::adjacent_find(kApis, std::ranges::greater_equal{}, &Api::key) == kApis.end(),
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
