// KvTablet: the primary-key half of a bucket. It turns a batch of upserts and deletes into one
// changelog batch, appends that to the bucket's log, and keeps the latest row of each key in memory
// (HotIndex) and, written back in the background, in RocksDB. The log is the write-ahead log of
// this state (INV-3).
//
// Owned by its Tablet, beside the LogTablet it writes to; every method runs on the shard that owns
// the bucket.
//
// Reads see the newest state at once, even rows whose log batch is not on disk yet; therefore each
// read says in `readable_at` from which high watermark on its answer may leave the server. The
// caller waits for
//     log.high_watermark() >= readable_at
// (LogTablet::WhenHighWatermark) and only then answers, so that what a client saw never disappears
// (INV-1). Source: docs/decisions/0010-hot-index.md; Fluss 545c5539 KvTablet, RowMerger
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "tablet/kv_reader.h"
#include "tablet/kv_scans.h"
#include "tablet/kv_state.h"
#include "tablet/kv_write_back.h"
#include "tablet/kv_writer.h"
#include "tablet/put_options.h"

namespace weir {

class KvEnvironment;
class LogTablet;
struct TableInfo;

/// Called once per key, in the order of the keys; `value` (i16 schema id, row) is null when the key
/// is unknown, and dies when the call returns.
using ValueSink = std::function<void(size_t index, const BytesView* value)>;

struct LimitScanResult {
  std::string records;  // a value batch; empty without rows
  Offset readable_at = 0;
};

class KvTablet {
 public:
  using PostHome = KvWriteBack::PostHome;

  /// Load what `dir` holds and replay `log` from there up to its end.
  ///
  /// dir        the bucket's kv folder; created when the state is first written back
  /// post_home  runs a function on the owning shard soon; thread-safe (Shard::Post)
  /// Errors     kKvStorage  the folder or the log cannot be read
  ///            kLogOffsetOutOfRange  the log starts behind what the folder holds
  static Result<std::unique_ptr<KvTablet>> Open(LogTablet& log,
                                                std::shared_ptr<const TableInfo> table,
                                                TableBucket bucket, std::filesystem::path dir,
                                                KvEnvironment& environment, PostHome post_home);
  ~KvTablet();
  KvTablet(const KvTablet&) = delete;
  KvTablet& operator=(const KvTablet&) = delete;

  /// Apply one KV batch (docs/formats/kv_batch.md) and append its changelog, as one log batch, to
  /// the log. All or nothing. A batch the log knows already (writer id, sequence) changes nothing.
  ///
  /// Errors   kCorruptMessage        the batch is damaged
  ///          kSchemaNotExist        written with a schema this table does not have
  ///          kInvalidTargetColumn   see server rules of partial updates; or a key that the log cannot
  ///          hold exactly (record/arrow_rounding.h)
  ///          kDeletionDisabled      it has a delete and table.delete.behavior is disable
  ///          kCorruptRecord         a row does not decode, or its key is not the record's
  ///          kRecordTooLarge        the changes are more than a log batch may hold (512 MiB)
  ///          kStorageBackpressure   changed rows fill the memory and cannot be written back fast
  ///          enough kOutOfOrderSequence, kLogStorage, kDiskWriteLocked   from the log; nothing was
  ///          changed
  /// Durable  when log.high_watermark() >= end_offset
  Result<PutResult> Put(BytesView kv_batch, const PutOptions& options = {});

  /// Find the rows of encoded keys. Returns readable_at.
  Result<Offset> Lookup(std::span<const BytesView> keys, const ValueSink& sink);

  /// Like Lookup, but first insert a row of just the key columns for each unknown key
  /// (auto-increment columns get their numbers). Errors: kInvalidTargetColumn when another column
  /// is NOT NULL.
  Result<Offset> LookupOrInsert(std::span<const BytesView> keys, const ValueSink& sink);

  /// Whether clients may look up a prefix of the key: the bucket key is one. Without, PrefixLookup
  /// walks through the whole bucket.
  bool has_prefix_lookup() const { return state_.rules->has_prefix_lookup(); }

  /// All rows whose key starts with `prefix`, in key order, until `sink` returns false. Returns
  /// readable_at.
  Result<Offset> PrefixLookup(BytesView prefix, const std::function<bool(BytesView value)>& sink);

  /// The first `limit` rows in key order, as one value batch.
  /// Errors  kRecordTooLarge  they are more than `bytes_max` bytes; fewer rows would look like all
  Result<LimitScanResult> LimitScan(int64_t limit, int64_t bytes_max);

  /// A scan over one consistent state, in pages. The first page opens it.
  /// Errors   kInvalidScanRequest  bytes_max <= 0, or `sequence` is not the last one + 1
  ///          kTooManyScanners     8 are open on this bucket, or 200 on this server
  ///          kUnknownScannerId, kScannerExpired
  Result<ScanPage> OpenScan(const KvScanOptions& options);
  Result<ScanPage> ContinueScan(BytesView scanner_id, int32_t sequence, int64_t bytes_max);
  /// Closing an unknown scan is fine.
  void CloseScan(BytesView scanner_id);

  /// Live keys, exact. Errors: kInvalidTable when the changelog image is WAL (nobody counts then).
  Result<int64_t> RowCount() const;

  /// The log from here on is needed to rebuild this state: retention must not pass it.
  Offset flushed_offset() const { return state_.flushed_offset; }

  /// About how much log the next open would replay if nothing were written back.
  int64_t unwritten_log_bytes() const { return state_.unwritten_log_bytes; }

  /// Write changed rows back to RocksDB on the environment's threads; `done` is called on the
  /// owning shard. The tablet does so by itself when much is not written; this is for shutdown and
  /// tests.
  void StartWriteBack(KvWriteBack::Done done) { write_back_.Start(std::move(done)); }
  /// For a tablet that goes away; see KvWriteBack::Stop.
  KvWriteBack::Wait StopWriteBack(const Status& why) { return write_back_.Stop(why); }

  /// A new schema or changed properties.
  Status SetTable(std::shared_ptr<const TableInfo> table);

  /// Housekeeping, about once a second: expires scans, gives buffers and memory of idle tablets
  /// back.
  void Tick(int64_t now_ms);

  /// Bytes held in memory for the rows of this bucket.
  int64_t memory_bytes() const { return state_.index.memory_bytes(); }

 private:
  KvTablet(LogTablet& log, std::shared_ptr<const KvRules> rules, TableBucket bucket,
           std::filesystem::path dir, KvEnvironment& environment, PostHome post_home);
  Status Recover();
  Result<KvCheckpoint> LoadCheckpoint();
  Result<KvCheckpoint> Rebuild(std::string_view why);
  Status CheckPressure(size_t batch_bytes);
  Offset ReadableAt(const HotRow* row) const;

  KvState state_;
  KvWriter writer_;
  KvReader reader_;
  KvScans scans_;
  KvWriteBack write_back_;  // last: its destructor waits for the thread that reads the others
  int64_t used_ms_ = 0;
};

}  // namespace weir
