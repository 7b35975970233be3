#include "storage/kv/store.h"

#include <algorithm>
#include <utility>

#include "io/file.h"
#include "storage/kv/open_stores.h"

namespace weir {

KvStore::KvStore(std::filesystem::path dir, const KvEngineShared& shared, KvOpenStores& open_stores,
                 FileSystem& files)
    : dir_(std::move(dir)), shared_(shared), open_stores_(open_stores), files_(files) {}

KvStore::~KvStore() { open_stores_.Forget(*this); }

bool KvStore::exists() const { return KvEngine::Exists(dir_ / "db"); }

Result<KvCheckpoint> KvStore::ReadCheckpoint() const {
  ASSIGN_OR_RETURN(const auto found, ReadKvCheckpoint(files_, (dir_ / "CHECKPOINT").string()));
  return found.value_or(KvCheckpoint());
}

Result<std::shared_ptr<KvEngine>> KvStore::Engine() {
  last_used_.store(open_stores_.NextUse(), std::memory_order_relaxed);
  std::shared_ptr<KvEngine> engine;
  {
    const std::lock_guard lock(mutex_);
    if (engine_ != nullptr) return engine_;
    ASSIGN_OR_RETURN(engine_, KvEngine::Open(dir_ / "db", shared_));
    engine = engine_;
  }
  open_stores_.Opened(*this);
  return engine;
}

Status KvStore::WriteBack(std::vector<const HotRow*>& rows, const KvCheckpoint& checkpoint) {
  if (rows.empty()) {
    RETURN_IF_ERROR(files_.CreateDirectories(dir_.string()));
  } else {
    std::ranges::sort(rows, {}, &HotRow::key);
    ASSIGN_OR_RETURN(const auto engine, Engine());
    RETURN_IF_ERROR(engine->Ingest(rows));
  }
  RETURN_IF_ERROR(WriteKvCheckpoint(files_, (dir_ / "CHECKPOINT").string(), checkpoint));
  // The log may lose its beginning now, so the folder must not go with the power. The names in it are durable with
  // the checkpoint; its own may be new, or of a process killed a moment ago. Those above are the log's, too.
  if (named_) return {};
  RETURN_IF_ERROR(files_.SyncDirectory(dir_.parent_path().string()));
  named_ = true;
  return {};
}

void KvStore::CloseIfUnused() {
  if (TryClose()) open_stores_.Closed(*this);
}

bool KvStore::TryClose() {
  // Under the lock: whoever wants the folder next must wait until it is closed.
  const std::lock_guard lock(mutex_);
  if (engine_.use_count() == 1) engine_.reset();
  return engine_ == nullptr;
}

bool KvStore::open() const {
  const std::lock_guard lock(mutex_);
  return engine_ != nullptr;
}

Status KvStore::SetAside() {
  CloseIfUnused();
  named_ = false;
  const std::string aside = dir_.string() + ".damaged";
  RETURN_IF_ERROR(files_.RemoveAll(aside));
  RETURN_IF_ERROR(files_.Rename(dir_.string(), aside));
  return files_.SyncDirectory(dir_.parent_path().string());
}

}  // namespace weir
