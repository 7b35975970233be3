// How far each bucket's log is known to be whole and durable, in one small file per data directory. Recovery trusts
// what lies before and checks every byte behind. Format: docs/formats/checkpoint.md.
#pragma once

#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/bucket_log.h"

namespace weir {

struct Checkpoint {
  std::unordered_map<TableBucket, RecoveryPoint, TableBucketHash> points;
  bool clean = false;  // the server stopped by itself after writing this
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);
/// Errors  kCorruptMessage
Result<Checkpoint> DecodeCheckpoint(BytesView bytes);

/// The checkpoint in `path`; empty, with a line in the log, when it is missing or damaged: then all is checked.
Checkpoint LoadCheckpoint(FileSystem& files, const std::string& path);
/// Durable  when it returns success
Status SaveCheckpoint(FileSystem& files, const std::string& path, const Checkpoint& checkpoint);

}  // namespace weir
