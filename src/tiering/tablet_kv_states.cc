#include <chrono>
#include <future>

#include "base/bytes.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"
#include "tablet/tablets.h"
#include "tiering/kv_states.h"

namespace weir {
namespace {

constexpr int64_t kPageBytesMax = 4 * MiB;
constexpr std::chrono::minutes kPatience{1};

class TabletKvStates : public KvStates {
 public:
  explicit TabletKvStates(Tablets& tablets) : tablets_(tablets) {}

  Result<Offset> Scan(const TableBucket& bucket,
                      const std::function<Status(const StoredValue&)>& take) override {
    ASSIGN_OR_RETURN(ScanPage page, OnShard<ScanPage>(bucket, [](Tablet& tablet) {
                       return tablet.kv->OpenScan({.bytes_max = kPageBytesMax});
                     }));
    const Offset offset = page.log_offset;
    Status status = WaitReadable(bucket, offset);
    int32_t sequence = 0;
    while (status.ok()) {
      status = TakePage(page, take);
      if (!status.ok() || !page.has_more) break;
      const int32_t wanted = ++sequence;
      auto next = OnShard<ScanPage>(bucket, [id = page.scanner_id, wanted](Tablet& tablet) {
        return tablet.kv->ContinueScan(id, wanted, kPageBytesMax);
      });
      if (!next.ok()) {
        status = Forward(std::move(next));
      } else {
        page = *std::move(next);
      }
    }
    if (!page.scanner_id.empty()) {
      (void)OnShard<bool>(bucket, [id = page.scanner_id](Tablet& tablet) -> Result<bool> {
        tablet.kv->CloseScan(id);
        return true;
      });
    }
    if (!status.ok()) return Forward(std::move(status));
    return offset;
  }

 private:
  static Status TakePage(const ScanPage& page,
                         const std::function<Status(const StoredValue&)>& take) {
    if (page.records.empty()) return {};
    ASSIGN_OR_RETURN(const auto values, ParseValueBatch(page.records));
    for (const StoredValue& value : values) RETURN_IF_ERROR(take(value));
    return {};
  }

  Status WaitReadable(const TableBucket& bucket, Offset offset) {
    const auto done = std::make_shared<std::promise<Status>>();
    auto future = done->get_future();
    RETURN_IF_ERROR(OnShard<bool>(bucket, [done, offset](Tablet& tablet) -> Result<bool> {
      tablet.log->WhenHighWatermark(offset,
                                    [done](const Status& status) { done->set_value(status); });
      return true;
    }));
    if (future.wait_for(kPatience) != std::future_status::ready) return TimedOut(bucket);
    return future.get();
  }

  static Failure TimedOut(const TableBucket& bucket) {
    return Fail(ErrorCode::kRequestTimeOut, "bucket did not answer: bucket={}", bucket.bucket);
  }

  template <class T, class F>
  Result<T> OnShard(const TableBucket& bucket, F f) {
    const auto done = std::make_shared<std::promise<Result<T>>>();
    auto future = done->get_future();
    tablets_.ShardOf(bucket).Post([&tablets = tablets_, bucket, done, f]() mutable {
      const auto tablet = tablets.Open(bucket);
      if (!tablet.ok()) return done->set_value(Forward(tablet));
      if ((*tablet)->kv == nullptr) {
        return done->set_value(
            Fail(ErrorCode::kKvStorage, "bucket has no key-value state: bucket={}", bucket.bucket));
      }
      done->set_value(f(**tablet));
    });
    if (future.wait_for(kPatience) != std::future_status::ready) return TimedOut(bucket);
    return future.get();
  }

  Tablets& tablets_;
};

}  // namespace

std::unique_ptr<KvStates> MakeTabletKvStates(Tablets& tablets) {
  return std::make_unique<TabletKvStates>(tablets);
}

}  // namespace weir
