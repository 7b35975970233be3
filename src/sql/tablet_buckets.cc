#include <atomic>
#include <chrono>
#include <future>

#include "sql/buckets.h"
#include "tablet/kv_tablet.h"
#include "tablet/log_pins.h"
#include "tablet/tablet.h"
#include "tablet/tablets.h"

namespace weir {
namespace {

/// How long a statement waits for buckets: for a hop, a page or an fsync. Longer means that
/// something is stuck.
constexpr std::chrono::minutes kPatience{5};

using OpenedTablet = Result<std::shared_ptr<Tablet>>;

/// The answers of one call, filled in by shards and awaited by the caller's thread.
template <class T>
class Answers {
 public:
  explicit Answers(size_t count) : slots_(count), left_(count) {}

  /// Once per index, from any thread.
  void Set(size_t index, Result<T> answer) {
    slots_[index] = std::move(answer);
    if (--left_ == 0) done_.set_value();
  }

  /// Errors  the first of the answers;  kRequestTimeOut
  Result<std::vector<T>> Wait() {
    if (!slots_.empty() && done_.get_future().wait_for(kPatience) != std::future_status::ready)
      return Fail(ErrorCode::kRequestTimeOut, "buckets did not answer: waited_s={}",
                  std::chrono::seconds(kPatience).count());
    std::vector<T> answers;
    for (auto& slot : slots_) {
      ASSIGN_OR_RETURN(T answer, std::move(*slot));
      answers.push_back(std::move(answer));
    }
    return answers;
  }

 private:
  std::vector<std::optional<Result<T>>> slots_;
  std::atomic<size_t> left_;
  std::promise<void> done_;
};

/// A place for the answer of one bucket; copied into callbacks.
template <class T>
struct Answer {
  std::shared_ptr<Answers<T>> all;
  size_t index;
  void operator()(Result<T> answer) const { all->Set(index, std::move(answer)); }
};

/// Answer once everything below `offset` is as durable as the table promises.
template <class T>
void AnswerWhenDurable(LogTablet& log, Offset offset, T value, const Answer<T>& answer) {
  if (log.high_watermark() >= offset) return answer(std::move(value));
  log.WhenHighWatermark(offset, [answer, value = std::move(value)](const Status& status) mutable {
    answer(status.ok() ? Result<T>(std::move(value)) : Forward(status));
  });
}

/// Nothing to say but that it was done.
struct Done {};

class TabletBuckets : public SqlBuckets {
 public:
  explicit TabletBuckets(Tablets& tablets) : tablets_(tablets) {}

  Result<std::vector<LogRange>> Ranges(std::span<const TableBucket> buckets) override {
    return CallEach<LogRange>(buckets, [](Tablet& tablet, size_t, const Answer<LogRange>& answer) {
      const Offset start = tablet.log->start_offset();
      answer(LogRange{start, tablet.log->high_watermark(), PinLog(tablet.bucket, start)});
    });
  }

  Result<std::vector<Offset>> OffsetsAt(std::span<const TableBucket> buckets, int64_t ms) override {
    return CallEach<Offset>(buckets, [=](Tablet& tablet, size_t, const Answer<Offset>& answer) {
      Result<Offset> found =
          tablet.log->FindOffset({.kind = OffsetSpec::Kind::kTimestamp, .timestamp_ms = ms});
      const bool future = !found.ok() && found.code() == ErrorCode::kInvalidTimestamp;
      answer(future ? Result<Offset>(tablet.log->high_watermark()) : std::move(found));
    });
  }

  Result<SharedBytes> ReadLog(const TableBucket& bucket, Offset from, int64_t bytes_max) override {
    // The shard finds the file range, this thread reads it: a cold disk holds up nobody else.
    ASSIGN_OR_RETURN(const LogSlice slice,
                     CallOne<LogSlice>(bucket, [=](Tablet& tablet, const Answer<LogSlice>& answer) {
                       answer(tablet.log->Read(from, bytes_max));
                     }));
    if (slice.empty()) return SharedBytes();
    return slice.Load();
  }

  Result<std::vector<BucketScan>> OpenScans(std::span<const TableBucket> buckets,
                                            int64_t bytes_max) override {
    return CallEach<BucketScan>(
        buckets, [=](Tablet& tablet, size_t, const Answer<BucketScan>& answer) {
          AnswerPage(
              tablet, [=](KvTablet& kv) { return kv.OpenScan({.bytes_max = bytes_max}); }, answer);
        });
  }

  Result<BucketScan> ContinueScan(const TableBucket& bucket, std::string_view scanner_id,
                                  int32_t sequence, int64_t bytes_max) override {
    return CallOne<BucketScan>(bucket, [=, id = std::string(scanner_id)](
                                           Tablet& tablet, const Answer<BucketScan>& answer) {
      AnswerPage(
          tablet, [&](KvTablet& kv) { return kv.ContinueScan(id, sequence, bytes_max); }, answer);
    });
  }

  void CloseScan(const TableBucket& bucket, std::string_view scanner_id) override {
    // Nobody waits: a scan that cannot be closed expires.
    tablets_.ShardOf(bucket).Post([&tablets = tablets_, bucket, id = std::string(scanner_id)] {
      const auto tablet = tablets.Open(bucket);
      if (tablet.ok() && (*tablet)->kv != nullptr) (*tablet)->kv->CloseScan(id);
    });
  }

  Result<std::vector<std::optional<std::string>>> Lookup(
      const TableBucket& bucket, std::span<const std::string> keys) override {
    using Found = std::vector<std::optional<std::string>>;
    std::vector<std::string> owned(keys.begin(), keys.end());
    return CallOne<Found>(
        bucket, [owned = std::move(owned)](Tablet& tablet, const Answer<Found>& answer) {
          if (tablet.kv == nullptr)
            return answer(Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table"));
          const std::vector<BytesView> views(owned.begin(), owned.end());
          Found found(owned.size());
          const Result<Offset> readable_at =
              tablet.kv->Lookup(views, [&](size_t index, const BytesView* value) {
                if (value != nullptr) found[index] = std::string(*value);
              });
          if (!readable_at.ok()) return answer(Forward(readable_at));
          AnswerWhenDurable(*tablet.log, *readable_at, std::move(found), answer);
        });
  }

  Status Append(std::vector<BucketWrite> writes) override {
    return Write(std::move(writes),
                 [](Tablet& tablet, SharedBytes batch, const Answer<Done>& answer) {
                   const Result<Appended> appended = tablet.log->Append(std::move(batch));
                   if (!appended.ok()) return answer(Forward(appended));
                   AnswerWhenDurable(*tablet.log, appended->last_offset + 1, Done(), answer);
                 });
  }

  Status Put(std::vector<BucketWrite> writes, std::vector<int32_t> target_columns) override {
    return Write(std::move(writes), [columns = std::move(target_columns)](
                                        Tablet& tablet, const SharedBytes& batch,
                                        const Answer<Done>& answer) {
      if (tablet.kv == nullptr)
        return answer(Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table"));
      const Result<PutResult> put = tablet.kv->Put(batch.view(), {.target_columns = columns});
      if (!put.ok()) return answer(Forward(put));
      AnswerWhenDurable(*tablet.log, put->end_offset, Done(), answer);
    });
  }

 private:
  /// Call `f(Tablet&, index, answer)` on the owners of all `buckets`; f is copied to each shard and
  /// owns what it uses.
  template <class T, class F>
  Result<std::vector<T>> CallEach(std::span<const TableBucket> buckets, F f) {
    const auto shared =
        std::make_shared<const std::vector<TableBucket>>(buckets.begin(), buckets.end());
    auto answers = std::make_shared<Answers<T>>(shared->size());
    for (auto& group : tablets_.GroupByShard(*shared)) {
      tablets_.shards()
          .at(group.shard)
          .Post([&tablets = tablets_, shared, answers, f, indexes = std::move(group.indexes)] {
            for (const size_t index : indexes) {
              const Answer<T> answer{answers, index};
              const OpenedTablet tablet = tablets.Open((*shared)[index]);
              if (tablet.ok()) {
                f(**tablet, index, answer);
              } else {
                answer(Forward(tablet));
              }
            }
          });
    }
    return answers->Wait();
  }

  template <class T, class F>
  Result<T> CallOne(const TableBucket& bucket, F f) {
    ASSIGN_OR_RETURN(
        std::vector<T> answers,
        CallEach<T>(std::span(&bucket, 1),
                    [f = std::move(f)](Tablet& tablet, size_t, const Answer<T>& answer) {
                      f(tablet, answer);
                    }));
    return std::move(answers.front());
  }

  template <class F>
  static void AnswerPage(Tablet& tablet, F next_page, const Answer<BucketScan>& answer) {
    if (tablet.kv == nullptr)
      return answer(Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table"));
    Result<ScanPage> page = next_page(*tablet.kv);
    if (!page.ok()) return answer(Forward(std::move(page)));
    BucketScan scan{.scanner_id = page->has_more ? std::move(page->scanner_id) : "",
                    .records = std::move(page->records)};
    scan.rows_estimate = tablet.kv->RowCount().value_or(tablet.log->row_count());
    AnswerWhenDurable(*tablet.log, page->readable_at, std::move(scan), answer);
  }

  template <class F>
  Status Write(std::vector<BucketWrite> writes, F write) {
    std::vector<TableBucket> buckets;
    for (const BucketWrite& one : writes) buckets.push_back(one.bucket);
    auto shared = std::make_shared<std::vector<BucketWrite>>(std::move(writes));
    RETURN_IF_ERROR(
        CallEach<Done>(buckets, [shared, write = std::move(write)](Tablet& tablet, size_t index,
                                                                   const Answer<Done>& answer) {
          write(tablet, std::move((*shared)[index].batch), answer);
        }));
    return {};
  }

  Tablets& tablets_;
};

}  // namespace

std::unique_ptr<SqlBuckets> MakeTabletBuckets(Tablets& tablets) {
  return std::make_unique<TabletBuckets>(tablets);
}

}  // namespace weir
