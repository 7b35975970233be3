// KvState: what the parts of a KvTablet (writes, reads, scans, write-back, replay) work on
// together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/kv/hot_index.h"
#include "storage/kv/store.h"
#include "tablet/id_sequence.h"
#include "tablet/kv_environment.h"
#include "tablet/kv_rules.h"

namespace weir {

class LogTablet;

struct KvState {
  KvState(LogTablet& log_tablet, std::shared_ptr<const KvRules> table_rules,
          TableBucket table_bucket, std::filesystem::path dir, KvEnvironment& env);

  LogTablet& log;
  const std::shared_ptr<LogTablet> log_owner;
  const TableBucket bucket;
  KvEnvironment& environment;
  std::shared_ptr<const KvRules> rules;
  HotIndex index;
  KvStore store;
  bool stored = false;    // rows were written back to `store` and must be looked for there
  int64_t row_count = 0;  // live keys; meaningless when the changelog image is WAL
  IdSequence ids;
  Offset flushed_offset = 0;        // the store holds every change before it
  int64_t unwritten_log_bytes = 0;  // about how much log a replay from flushed_offset would read
  int64_t written_ms = 0;           // when the last write-back began, or the tablet was opened
  std::string read_buffer;

  /// The newest row of a key, from memory or disk; null when it has none. Remembers what it read
  /// from disk. Valid until the next change is final.
  Result<const HotRow*> Find(BytesView key, uint64_t hash) {
    const HotRow* row = index.Find(key, hash);
    if (row != nullptr) return row->deleted() ? nullptr : row;
    if (index.complete()) return nullptr;
    return ReadStored(key, hash);
  }
  Result<const HotRow*> ReadStored(BytesView key, uint64_t hash);

  bool counts_rows() const { return rules->full_changelog(); }
  KvCheckpoint CheckpointAt(Offset offset) const {
    return {.flushed_offset = offset,
            .row_count = counts_rows() ? row_count : -1,
            .id_first = ids.block().first,
            .id_last = ids.block().last};
  }
};

}  // namespace weir
