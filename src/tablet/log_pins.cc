#include "tablet/log_pins.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>

namespace weir {
namespace {

struct Pins {
  std::mutex mutex;
  std::map<TableBucket, std::multiset<Offset>> by_bucket;
};

Pins& AllPins() {
  static auto& pins = *new Pins;  // readers may outlive whatever is destroyed at the end
  return pins;
}

}  // namespace

std::shared_ptr<const void> PinLog(const TableBucket& bucket, Offset from) {
  const std::lock_guard lock(AllPins().mutex);
  AllPins().by_bucket[bucket].insert(from);
  return std::shared_ptr<const void>(nullptr, [bucket, from](const void*) {
    const std::lock_guard lock(AllPins().mutex);
    const auto pins = AllPins().by_bucket.find(bucket);
    pins->second.extract(from);
    if (pins->second.empty()) AllPins().by_bucket.erase(pins);
  });
}

Offset PinnedFrom(const TableBucket& bucket) {
  const std::lock_guard lock(AllPins().mutex);
  const auto pins = AllPins().by_bucket.find(bucket);
  return pins == AllPins().by_bucket.end() ? INT64_MAX : *pins->second.begin();
}

}  // namespace weir
