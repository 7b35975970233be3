#include <atomic>
#include <chrono>
#include <future>

#include "storage/bucket_log.h"
#include "tablet/log_tablet.h"
#include "tablet/tablet.h"
#include "tablet/tablets.h"
#include "tiering/bucket_logs.h"

namespace weir {
namespace {

/// How long a round waits for a shard. Longer means that something is stuck; the round fails and is repeated.
constexpr std::chrono::minutes kPatience{1};

/// The answers of one call. Kept alive by whoever still has one to give.
template <class T>
struct Answers {
  explicit Answers(size_t count) : slots(count), left(count) {}

  void Set(size_t index, Result<T> answer) {
    slots[index] = std::move(answer);
    if (--left == 0) done.set_value();
  }

  Result<std::vector<T>> Wait() {
    if (!slots.empty() && done.get_future().wait_for(kPatience) != std::future_status::ready)
      return Fail(ErrorCode::kRequestTimeOut, "buckets did not answer the tiering");
    std::vector<T> out;
    for (auto& slot : slots) {
      ASSIGN_OR_RETURN(T answer, std::move(*slot));
      out.push_back(std::move(answer));
    }
    return out;
  }

  std::vector<std::optional<Result<T>>> slots;
  std::atomic<size_t> left;
  std::promise<void> done;
};

class TabletLogs : public BucketLogs {
 public:
  TabletLogs(Tablets& tablets, FileSystem& files) : tablets_(tablets), files_(files) {}

  Result<std::vector<Range>> Ranges(std::span<const TableBucket> buckets) override {
    return OnEach<Range>(buckets, [](Tablets& tablets, const TableBucket& bucket) -> Result<Range> {
      ASSIGN_OR_RETURN(const auto tablet, tablets.Open(bucket));
      return Range{tablet->log->start_offset(), tablet->log->high_watermark()};
    });
  }

  Result<std::vector<std::optional<Offset>>> KnownEnds(
      std::span<const TableBucket> buckets) override {
    return OnEach<std::optional<Offset>>(
        buckets, [](Tablets& tablets, const TableBucket& bucket) -> Result<std::optional<Offset>> {
          return tablets.KnownEnd(bucket);
        });
  }

  Result<SharedBytes> Read(const TableBucket& bucket, Offset from, int64_t bytes_max) override {
    // The shard finds the file range, this thread reads it: a cold disk holds up nobody else.
    ASSIGN_OR_RETURN(
        const auto slices,
        OnEach<LogSlice>(std::span(&bucket, 1),
                         [=](Tablets& tablets, const TableBucket& one) -> Result<LogSlice> {
                           ASSIGN_OR_RETURN(const auto tablet, tablets.Open(one));
                           return tablet->log->Read(from, bytes_max);
                         }));
    if (slices.front().empty()) return SharedBytes();
    return slices.front().Load();
  }

  Status MakeDurable(std::span<const TableBucket> buckets) override {
    using Ticket = std::optional<SyncTicket>;
    ASSIGN_OR_RETURN(
        const auto tickets,
        OnEach<Ticket>(buckets, [](Tablets& tablets, const TableBucket& bucket) -> Result<Ticket> {
          ASSIGN_OR_RETURN(const auto tablet, tablets.Open(bucket));
          if (tablet->log->options().durability == Durability::kDisk) return Ticket();
          return tablet->log->log().BeginSync();
        }));
    // The tablets are not told: their own sync takes note of what is clean, or of the failure that the files remember.
    for (const Ticket& ticket : tickets) {
      if (ticket) RETURN_IF_ERROR(ticket->Run(files_));
    }
    return {};
  }

  void Release(const TableBucket& bucket, Offset offset) override {
    tablets_.ShardOf(bucket).Post([&tablets = tablets_, bucket, offset] {
      if (!tablets.KnownEnd(bucket)) return;
      if (const auto tablet = tablets.Open(bucket); tablet.ok())
        (*tablet)->log->RaiseLakeOffset(offset);
    });
  }

 private:
  template <class T, class F>
  Result<std::vector<T>> OnEach(std::span<const TableBucket> buckets, F f) {
    const auto shared =
        std::make_shared<const std::vector<TableBucket>>(buckets.begin(), buckets.end());
    auto answers = std::make_shared<Answers<T>>(shared->size());
    for (auto& group : tablets_.GroupByShard(*shared)) {
      tablets_.shards()
          .at(group.shard)
          .Post([&tablets = tablets_, shared, answers, f, indexes = std::move(group.indexes)] {
            for (const size_t index : indexes) answers->Set(index, f(tablets, (*shared)[index]));
          });
    }
    return answers->Wait();
  }

  Tablets& tablets_;
  FileSystem& files_;
};

}  // namespace

std::unique_ptr<BucketLogs> MakeTabletLogs(Tablets& tablets, FileSystem& files) {
  return std::make_unique<TabletLogs>(tablets, files);
}

}  // namespace weir
