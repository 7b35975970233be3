// KvStore: the cold half of a bucket on disk: a RocksDB folder and the checkpoint that says which
// part of the log it holds. The folder is opened at first use, since an open engine costs 0.3 MiB
// and six files.
//   {dir}/CHECKPOINT   {dir}/db/…   {dir}/pending/…   see docs/formats/kv_state.md
// Thread-safe: the owning shard reads while a write-back runs on another thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/kv/checkpoint.h"
#include "storage/kv/engine.h"

namespace weir {

class FileSystem;
class KvOpenStores;

class KvStore {
 public:
  /// Nothing is opened or created.
  KvStore(std::filesystem::path dir, const KvEngineShared& shared, KvOpenStores& open_stores,
          FileSystem& files);
  ~KvStore();

  /// Whether rows were ever written back here.
  bool exists() const;

  /// What the folder holds; neutral when there is no checkpoint.
  /// Errors  kKvStorage  the checkpoint is damaged
  Result<KvCheckpoint> ReadCheckpoint() const;

  /// The engine, opened or created now if need be; another store's may be closed for it. Blocks.
  /// Who holds it keeps it open.
  /// Errors  kKvStorage, kStorage
  Result<std::shared_ptr<KvEngine>> Engine();

  /// Take over changed rows (any order, no key twice; sorted here) and remember `checkpoint`.
  /// Blocks. Durable  when it returns; after an error the rows may or may not be there
  Status WriteBack(std::vector<const HotRow*>& rows, const KvCheckpoint& checkpoint);

  /// Close the engine unless somebody holds it.
  void CloseIfUnused();
  /// The same without telling KvOpenStores: for its own use. Whether it is closed now.
  bool TryClose();
  bool open() const;
  /// Grows with each use of any store's engine.
  uint64_t last_used() const { return last_used_.load(std::memory_order_relaxed); }

  /// Put a folder that cannot be read aside, so that it can be rebuilt from the log.
  Status SetAside();

 private:
  const std::filesystem::path dir_;
  const KvEngineShared& shared_;
  KvOpenStores& open_stores_;
  FileSystem& files_;
  std::atomic<uint64_t> last_used_ = 0;
  bool named_ = false;  // the folder's own name is durable; write-backs only, one at a time
  mutable std::mutex mutex_;
  std::shared_ptr<KvEngine> engine_;
};

}  // namespace weir
