// KvTablet: the primary-key half of a bucket. It turns a batch of upserts and deletes into one changelog
// batch, appends that to the bucket's log, and keeps the latest row of each key in memory (HotIndex) and,
// written back in the background, in RocksDB. The log is the write-ahead log of this state (INV-3).
//
// Owned by its Tablet, beside the LogTablet it writes to; every method runs on the shard that owns the bucket.
//
// Reads see the newest state at once, even rows whose log batch is not on disk yet; therefore each read says
// in `readable_at` from which high watermark on its answer may leave the server. The caller waits for
//     log.high_watermark() >= readable_at
// (LogTablet::WhenHighWatermark) and only then answers, so that what a client saw never disappears (INV-1).
// Source: docs/decisions/0010-hot-index.md; Fluss 545c5539 KvTablet, RowMerger
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

class KvEnvironment;
class LogTablet;
struct TableInfo;

/// PutKv's agg_mode. Overwrite bypasses the merge engine and its ban on deletes (Flink's undo recovery).
enum class MergeMode : int32_t { kDefault = 0, kOverwrite = 1 };

struct PutOptions {
  std::span<const int32_t> target_columns = {};  // positions in the latest schema; empty: whole rows
  MergeMode merge_mode = MergeMode::kDefault;
};

struct PutResult {
  Offset end_offset = 0;  // next offset of the changelog after this batch; acknowledged once the HW is there
  bool duplicate = false;
};

/// Called once per key, in the order of the keys; `value` (i16 schema id, row) is null when the key is
/// unknown, and dies when the call returns.
using ValueSink = std::function<void(size_t index, const BytesView* value)>;

struct ScanOptions {
  int64_t bytes_max = 0;             // > 0; soft: a page holds at least one row; capped at 10 MiB
  std::optional<int64_t> limit = {};  // rows of the whole scan
};

struct ScanPage {
  std::string scanner_id;  // empty when nothing follows
  std::string records;     // a value batch (record/value_batch.h); empty without rows
  bool has_more = false;
  Offset log_offset = 0;   // the scan is the state of the changelog before this offset
  Offset readable_at = 0;
};

struct LimitScanResult {
  std::string records;
  Offset readable_at = 0;
};

class KvTablet {
 public:
  using PostHome = std::function<void(std::function<void()>)>;

  /// Load what `dir` holds and replay `log` from there up to its end.
  ///
  /// dir        the bucket's kv folder; created when the state is first written back
  /// post_home  runs a function on the owning shard soon; thread-safe (Shard::Post)
  /// Errors     kKvStorage  the folder or the log cannot be read
  ///            kLogOffsetOutOfRange  the log starts behind what the folder holds
  static Result<std::unique_ptr<KvTablet>> Open(LogTablet& log, std::shared_ptr<const TableInfo> table,
                                                TableBucket bucket, std::filesystem::path dir,
                                                KvEnvironment& environment, PostHome post_home);
  ~KvTablet();
  KvTablet(const KvTablet&) = delete;
  KvTablet& operator=(const KvTablet&) = delete;

  /// Apply one KV batch (docs/formats/kv_batch.md) and append its changelog, as one log batch, to the log.
  /// All or nothing. A batch the log knows already (writer id, sequence) changes nothing.
  ///
  /// Errors   kCorruptMessage        the batch is damaged
  ///          kSchemaNotExist        written with a schema this table does not have
  ///          kInvalidTargetColumn   see server rules of partial updates
  ///          kDeletionDisabled      it has a delete and table.delete.behavior is disable
  ///          kOutOfOrderSequence, kLogStorage, kStorage…   from the log; nothing was changed
  /// Durable  when log.high_watermark() >= end_offset
  Result<PutResult> Put(BytesView kv_batch, const PutOptions& options = {});

  /// Find the rows of encoded keys. Returns readable_at.
  Result<Offset> Lookup(std::span<const BytesView> keys, const ValueSink& sink);

  /// Like Lookup, but first insert a row of just the key columns for each unknown key (auto-increment columns
  /// get their numbers). Errors: kInvalidTable when a non-key column cannot be null.
  Result<Offset> LookupOrInsert(std::span<const BytesView> keys, const ValueSink& sink);

  /// All rows whose key starts with `prefix`, in key order. Returns readable_at.
  Result<Offset> PrefixLookup(BytesView prefix, const std::function<void(BytesView value)>& sink);

  /// The first `limit` rows in key order, as one value batch.
  Result<LimitScanResult> LimitScan(int64_t limit);

  /// A scan over one consistent state, in pages. The first page opens it.
  /// Errors   kInvalidScanRequest  bytes_max <= 0, or `sequence` is not the last one + 1
  ///          kTooManyScanners     8 are open on this bucket, or 200 on this server
  ///          kUnknownScannerId, kScannerExpired
  Result<ScanPage> OpenScan(const ScanOptions& options);
  Result<ScanPage> ContinueScan(BytesView scanner_id, int32_t sequence, int64_t bytes_max);
  /// Closing an unknown scan is fine.
  void CloseScan(BytesView scanner_id);

  /// All rows in key order, for a local reader (SQL): `sink` may return false to stop.
  /// Returns the offset the state belongs to, which is also readable_at.
  Result<Offset> ScanAll(const std::function<bool(BytesView key, BytesView value)>& sink);

  /// Live keys, exact. Errors: kInvalidTable when the changelog image is WAL (nobody counts then).
  Result<int64_t> RowCount() const;

  /// The log from here on is needed to rebuild this state: retention must not pass it.
  Offset flushed_offset() const;

  /// Whether so much of the log is not written back that recovery would be slow or memory short.
  bool WantsWriteBack() const;

  /// Start writing changed rows back to RocksDB; does its work on the environment's threads and calls
  /// `done` on the owning shard. Coalesces: a running write-back only notes that another is wanted.
  void StartWriteBack(std::function<void(Status)> done);

  /// Write back and wait (shutdown, tests). Blocks.
  Status WriteBackNow();

  /// A new schema or changed properties.
  void SetTable(std::shared_ptr<const TableInfo> table);

  /// Throw away what memory holds beyond RocksDB and replay the log: after the log lost its unsynced tail.
  Status Reload();

  /// Expire idle scans; close the engine when nobody used it for a while.
  void Tick(int64_t now_ms);

  /// Bytes held in memory for this bucket.
  int64_t memory_bytes() const;

 private:
  struct State;
  explicit KvTablet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
