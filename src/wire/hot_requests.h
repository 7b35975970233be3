// The requests that carry or ask for row data, decoded without copying it: every BytesView points
// into the body and lives as long as the frame. Required fields are enforced as the generated
// classes would. Source: proto/fluss_api.proto; Fluss 1.0.0 FlussApi.proto.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

/// One bucket's part of PRODUCE_LOG or PUT_KV.
struct RecordsForBucket {
  std::optional<PartitionId> partition;
  BucketId bucket = 0;
  BytesView records;
  std::optional<BytesView> original_partition_name;
  int32_t routing_bucket_count = 0;  // 0: not sent
};

struct ProduceLogMessage {
  int32_t acks = 0;
  TableId table;
  int32_t timeout_ms = 0;
  std::vector<RecordsForBucket> buckets;
};

struct PutKvMessage {
  int32_t acks = 0;
  TableId table;
  int32_t timeout_ms = 0;
  std::vector<int32_t> target_columns;
  std::vector<RecordsForBucket> buckets;
  int32_t agg_mode = 0;
};

/// One bucket's part of LOOKUP or PREFIX_LOOKUP.
struct KeysForBucket {
  std::optional<PartitionId> partition;
  BucketId bucket = 0;
  std::vector<BytesView> keys;
  std::optional<BytesView> original_partition_name;  // LOOKUP only
};

struct LookupMessage {
  TableId table;
  std::vector<KeysForBucket> buckets;
  bool insert_if_not_exists = false;
  int32_t acks = -1;
  int32_t timeout_ms = 0;
};

struct PrefixLookupMessage {
  TableId table;
  std::vector<KeysForBucket> buckets;
};

struct FetchBucket {
  std::optional<PartitionId> partition;
  BucketId bucket = 0;
  Offset fetch_offset = 0;
  int32_t bytes_max = 0;
};

struct FetchTable {
  TableId table;
  std::vector<int32_t> projected_fields;
  bool projection = false;
  std::vector<FetchBucket> buckets;
};

struct FetchLogMessage {
  int32_t follower_server_id = -1;
  int32_t bytes_max = 0;
  std::vector<FetchTable> tables;
  std::optional<int32_t> wait_ms_max;
  std::optional<int32_t> bytes_min;
};

/// Errors of all: kCorruptMessage  the body is torn, a field has the wrong type, a required field
/// is missing
Result<ProduceLogMessage> ParseProduceLog(BytesView body);
Result<PutKvMessage> ParsePutKv(BytesView body);
Result<LookupMessage> ParseLookup(BytesView body);
Result<PrefixLookupMessage> ParsePrefixLookup(BytesView body);
Result<FetchLogMessage> ParseFetchLog(BytesView body);

}  // namespace weir
