// What can go wrong, in the numbers that travel on the wire.
// Values >= -1 are the codes of Apache Fluss 1.0.0 (class Errors) and are never renumbered; values below
// -1000 are internal and must not reach a client (rpc/ checks that).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class ErrorCode : int32_t {
  kCommitStateUnknown =
      -1011,  // a commit to the lake may or may not have happened: read back before anything else
  kCommitConflict =
      -1010,  // a commit to the lake was made against a state that is no longer current
  kBadHttpRequest = -1007,    // nothing is at this path, or it takes another method or body
  kFileAlreadyExist = -1006,  // a file of the lake is there already, so it was not written
  kFileNotExist = -1005,      // a file of the lake is missing
  kSqlFailed =
      -1004,  // a query failed while it ran, or means nothing: the SQL engine's words (HTTP and shell only)
  kSqlSyntax = -1003,  // text that is not a statement (HTTP and shell only)
  kWouldBlock =
      -1001,  // the answer needs cold pages or a lock; ask again from a thread that may block
  kCancelled = -1002,  // the caller went away or the server is stopping
  kUnknownServerError = -1,
  kNone = 0,
  kNetworkException = 1,
  kUnsupportedVersion = 2,
  kCorruptMessage = 3,
  kDatabaseNotExist = 4,
  kDatabaseNotEmpty = 5,
  kDatabaseAlreadyExist = 6,
  kTableNotExist = 7,
  kTableAlreadyExist = 8,
  kSchemaNotExist = 9,
  kLogStorage = 10,
  kKvStorage = 11,
  kNotLeaderOrFollower = 12,
  kRecordTooLarge = 13,
  kCorruptRecord = 14,
  kInvalidTable = 15,
  kInvalidDatabase = 16,
  kInvalidReplicationFactor = 17,
  kInvalidRequiredAcks = 18,
  kLogOffsetOutOfRange = 19,
  kNonPrimaryKeyTable = 20,
  kUnknownTableOrBucket = 21,
  kInvalidUpdateVersion = 22,
  kInvalidCoordinator = 23,
  kFencedLeaderEpoch = 24,
  kRequestTimeOut = 25,
  kStorage = 26,
  kOperationNotAttempted = 27,
  kNotEnoughReplicasAfterAppend = 28,
  kNotEnoughReplicas = 29,
  kSecurityToken = 30,
  kOutOfOrderSequence = 31,
  kDuplicateSequence = 32,
  kUnknownWriterId = 33,
  kInvalidColumnProjection = 34,
  kInvalidTargetColumn = 35,
  kPartitionNotExists = 36,
  kTableNotPartitioned = 37,
  kInvalidTimestamp = 38,
  kInvalidConfig = 39,
  kLakeStorageNotConfigured = 40,
  kKvSnapshotNotExist = 41,
  kPartitionAlreadyExists = 42,
  kPartitionSpecInvalid = 43,
  kLeaderNotAvailable = 44,
  kPartitionMaxNum = 45,
  kAuthenticate = 46,
  kSecurityDisabled = 47,
  kAuthorization = 48,
  kBucketMaxNum = 49,
  kFencedTieringEpoch = 50,
  kRetriableAuthenticate = 51,
  kInvalidServerRackInfo = 52,
  kLakeSnapshotNotExist = 53,
  kLakeTableAlreadyExist = 54,
  kIneligibleReplica = 55,
  kInvalidAlterTable = 56,
  kDeletionDisabled = 57,
  kServerNotExist = 58,
  kServerTagAlreadyExist = 59,
  kServerTagNotExist = 60,
  kRebalanceFailure = 61,
  kNoRebalanceInProgress = 62,
  kInvalidProducerId = 63,
  kConfigException = 64,
  kNotCoordinatorLeader = 65,
  kScannerExpired = 66,
  kUnknownScannerId = 67,
  kInvalidScanRequest = 68,
  kTooManyScanners = 69,
  kDiskWriteLocked = 70,
  kInsufficientKvLeaderReplicaCapacity = 71,
  kStorageBackpressure = 72,
  kHistoricalPartitionThrottled = 73,
  kInvalidBucketRouting = 74,
};

/// The protocol's name of a code, such as "TABLE_NOT_EXIST".
std::string_view Name(ErrorCode code);

}  // namespace weir
