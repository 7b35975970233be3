// KvCheckpoint: what a bucket's RocksDB folder holds, in log offsets. A small file beside the
// folder, replaced after every write-back; a crash between the two leaves the folder newer than the
// checkpoint says, which is harmless: replaying the log from an earlier offset ends in the same
// state. Format: docs/formats/kv_state.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class FileSystem;

struct KvCheckpoint {
  Offset flushed_offset = 0;  // every change before it is in the folder
  int64_t row_count = 0;      // live rows of that state; -1 when nobody counts
  int64_t id_first = 1;       // numbers of the auto-increment column that are taken but not used
  int64_t id_last = 0;

  friend bool operator==(const KvCheckpoint&, const KvCheckpoint&) = default;
};

std::string EncodeKvCheckpoint(const KvCheckpoint& checkpoint);
/// Errors  kKvStorage  damaged or of a newer version
Result<KvCheckpoint> DecodeKvCheckpoint(BytesView bytes);

/// Nothing when there is no file.
Result<std::optional<KvCheckpoint>> ReadKvCheckpoint(FileSystem& files, const std::string& path);
/// Durable  when it returns
Status WriteKvCheckpoint(FileSystem& files, const std::string& path,
                         const KvCheckpoint& checkpoint);

}  // namespace weir
