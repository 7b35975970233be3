#include "storage/kv/open_stores.h"

#include <algorithm>

#include "storage/kv/store.h"

namespace weir {

void KvOpenStores::Opened(KvStore& store) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(stores_, &store) == stores_.end()) stores_.push_back(&store);
  if (stores_.size() > max_) CloseOldest(store);
}

void KvOpenStores::Closed(KvStore& store) {
  const std::lock_guard lock(mutex_);
  // Somebody else may have opened it again meanwhile.
  if (!store.open()) std::erase(stores_, &store);
}

void KvOpenStores::Forget(KvStore& store) {
  const std::lock_guard lock(mutex_);
  std::erase(stores_, &store);
}

size_t KvOpenStores::count() const {
  const std::lock_guard lock(mutex_);
  return stores_.size();
}

void KvOpenStores::CloseOldest(const KvStore& keep) {
  std::ranges::sort(stores_, {}, &KvStore::last_used);
  size_t excess = stores_.size() - max_;
  std::erase_if(stores_, [&](KvStore* store) {
    if (excess == 0 || store == &keep || !store->TryClose()) return false;
    --excess;
    return true;
  });
}

}  // namespace weir
