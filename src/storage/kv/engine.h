// KvEngine: the RocksDB folder of one bucket, as the cold store behind a HotIndex. It only ever
// takes whole, sorted write-backs, which become SST files directly: no RocksDB log, no memtable.
// Files stay readable by the Java client's RocksDB 6.20 (crc32c, format 5, one column family).
//
// RocksDB headers stay in engine.cc. Thread-safe: reads on the shard while a write-back runs
// elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/kv/hot_index.h"

namespace rocksdb {
class DB;
class Iterator;
}  // namespace rocksdb

namespace weir {

/// What all engines of a process share: block cache and background threads. Outlives them.
class KvEngineShared {
 public:
  /// block_cache_bytes  bound of cached blocks, indexes and filters together
  explicit KvEngineShared(int64_t block_cache_bytes);
  ~KvEngineShared();

 private:
  friend class KvEngine;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Walks live rows in key order over the state of the moment it was made.
class KvCursor {
 public:
  explicit KvCursor(std::unique_ptr<rocksdb::Iterator> iterator);
  ~KvCursor();

  /// Go to the first key >= `from`.
  void Seek(BytesView from);
  void Next();
  bool valid() const;
  BytesView key() const;  // until the next move
  BytesView value() const;
  /// Errors  kKvStorage  why the cursor stopped early
  Status status() const;
  /// It stopped because what it read is damaged.
  bool met_damage() const;

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class KvEngine {
 public:
  /// Open the RocksDB in `dir`, or create it.
  /// Errors  kKvStorage  it is damaged or cannot be read;  kStorage  no space
  static Result<std::unique_ptr<KvEngine>> Open(const std::filesystem::path& dir,
                                                const KvEngineShared& shared);
  /// Whether `dir` holds a RocksDB.
  static bool Exists(const std::filesystem::path& dir);
  ~KvEngine();

  /// Read one key into `value`; false when there is none. May read the disk.
  Result<bool> Get(BytesView key, std::string& value) const;

  /// Take over changed rows: newer than what the folder holds, ascending by key, no key twice.
  /// Durable  all of them, or none, when it returns
  /// Errors   kStorage  no space;  kKvStorage
  Status Ingest(std::span<const HotRow* const> rows);

  std::unique_ptr<KvCursor> NewCursor() const;

  /// Bytes of the live files.
  int64_t disk_bytes() const;

 private:
  KvEngine(std::unique_ptr<rocksdb::DB> db, std::filesystem::path pending_dir);

  std::unique_ptr<rocksdb::DB> db_;
  const std::filesystem::path pending_dir_;  // files being built; same file system as the folder
  uint64_t next_file_ = 0;
};

}  // namespace weir
