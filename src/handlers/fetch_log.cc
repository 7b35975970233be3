// FETCH_LOG: batches of many buckets from given offsets, waiting for news when there is too little.
// A parked fetch holds no thread, does not delay other requests of its connection, and is woken by
// the first append. Replies end on batch boundaries; bytes go from the segment files to the socket
// without passing through here.
//
// Limits are soft, so that readers always advance: each bucket gives at least one batch while the
// reply is below max_bytes. Errors are per bucket, and answered at once, except 12 and 21: those
// wait with the others. Source: Fluss 545c5539 TabletService.fetchLog, ReplicaManager.readFromLog,
// DelayedFetchLog
#include <algorithm>
#include <chrono>

#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/fetch_plan.h"
#include "handlers/handlers.h"
#include "wire/hot_requests.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kDefaultWait{100};  // min_bytes without max_wait_ms
constexpr milliseconds kWaitMax{600'000};
constexpr int64_t kReplyBytesMax =
    1 * GiB;  // below the 2 GiB of a frame, whatever the client asks for

/// What one fetch has at one shard: its waiters at the logs, and how much it has read there this
/// time. Used on that shard only; a log that is gone needs no cancelling.
struct Parked {
  int64_t bytes_read = 0;
  std::vector<std::pair<std::weak_ptr<LogTablet>, LogTablet::WaiterId>> waiters;

  void Cancel() {
    for (auto& [weak, id] : waiters) {
      if (const auto log = weak.lock()) log->CancelWaiter(id);
    }
    waiters.clear();
  }
};

enum class Register { kNo, kYes };

/// One FETCH_LOG under way. Lives on the connection's shard.
class Fetch {
 public:
  Fetch(RequestContext& context, const FetchLogMessage& request);

  Task<Result<Pieces>> Run();

 private:
  using Outcomes = std::vector<Result<Fetched>>;

  Task<Outcomes> ReadAll(Register waiters);
  bool Enough(const Outcomes& outcomes) const;
  void ForgetWaiters();
  Pieces Encode(Outcomes outcomes);

  RequestContext& context_;
  const FetchLogMessage& request_;
  std::shared_ptr<const std::vector<FetchSpec>> specs_;  // all buckets of all tables, in order
  std::shared_ptr<Completion> news_;
  std::vector<std::shared_ptr<Parked>> parked_;  // by shard
  int64_t bytes_min_;
  int64_t bytes_max_;
  milliseconds wait_;
};

std::vector<FetchSpec> SpecsOf(const FetchLogMessage& request) {
  std::vector<FetchSpec> specs;
  for (const FetchTable& table : request.tables) {
    std::shared_ptr<const std::vector<int32_t>> projection;
    if (table.projection)
      projection = std::make_shared<const std::vector<int32_t>>(table.projected_fields);
    for (const FetchBucket& bucket : table.buckets) {
      specs.push_back({.bucket = {table.table, bucket.partition, bucket.bucket},
                       .from = bucket.fetch_offset,
                       .bytes_max = std::min<int64_t>(bucket.bytes_max, request.bytes_max),
                       .projection = projection});
    }
  }
  return specs;
}

Fetch::Fetch(RequestContext& context, const FetchLogMessage& request)
    : context_(context),
      request_(request),
      specs_(std::make_shared<const std::vector<FetchSpec>>(SpecsOf(request))),
      news_(std::make_shared<Completion>(context.shard())),
      bytes_min_(request.bytes_min.value_or(0)),
      bytes_max_(std::clamp<int64_t>(request.bytes_max, 0, kReplyBytesMax)),
      wait_(bytes_min_ <= 0
                ? milliseconds(0)
                : std::clamp(milliseconds(request.wait_ms_max.value_or(kDefaultWait.count())),
                             milliseconds(0), kWaitMax)) {
  for (int i = 0; i < context.services().shards.count(); ++i)
    parked_.push_back(std::make_shared<Parked>());
}

/// Wake the fetch when the bucket has something at or after `offset`. On the bucket's shard.
void WaitForNews(const std::shared_ptr<LogTablet>& log, Offset offset, Parked& parked, Shard& home,
                 const std::weak_ptr<Completion>& news) {
  const LogTablet::WaiterId id = log->WhenHighWatermark(offset + 1, [&home, news](const Status&) {
    home.Post([news] {
      if (const auto alive = news.lock()) alive->Notify();
    });
  });
  if (id != 0) parked.waiters.emplace_back(log, id);
}

Task<Fetch::Outcomes> Fetch::ReadAll(Register waiters) {
  std::vector<TableBucket> buckets;
  for (const FetchSpec& spec : *specs_) buckets.push_back(spec.bucket);
  Shard& home = context_.shard();
  Tablets& tablets = *context_.services().tablets;
  for (auto& parked : parked_)
    parked = std::make_shared<Parked>();  // those of the last round were forgotten
  return CallBuckets<Fetched>(
      context_, std::move(buckets), kNoAckTimeout,
      [specs = specs_, parked = parked_, bytes_max = bytes_max_, news = std::weak_ptr(news_), &home,
       &tablets, waiters](const Result<std::shared_ptr<Tablet>>& tablet, size_t index,
                          const BucketAnswer<Fetched>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        const FetchSpec& spec = (*specs)[index];
        Parked& here = *parked[static_cast<size_t>(tablets.ShardOf(spec.bucket).index())];
        // A request may name a bucket as often as it likes: what is read for it is bounded here
        // already.
        const bool full = here.bytes_read > 0 && here.bytes_read >= bytes_max;
        Result<Fetched> fetched =
            full ? LookAtBucketLog(**tablet, spec) : FetchBucketLog(**tablet, spec);
        if (fetched.ok()) {
          here.bytes_read += fetched->bytes;
          if (waiters == Register::kYes) {
            WaitForNews((*tablet)->log, std::max(fetched->next, fetched->high_watermark), here,
                        home, news);
          }
        }
        answer(std::move(fetched));
      });
}

/// A missing bucket may be about to appear: clients ask again when the wait is over.
bool AnsweredAtOnce(ErrorCode code) {
  return code != ErrorCode::kNotLeaderOrFollower && code != ErrorCode::kUnknownTableOrBucket;
}

bool Fetch::Enough(const Outcomes& outcomes) const {
  int64_t bytes = 0;
  for (const auto& outcome : outcomes) {
    if (!outcome.ok() && AnsweredAtOnce(outcome.code())) return true;
    if (outcome.ok()) bytes += outcome->bytes;
  }
  return bytes >= bytes_min_;
}

void Fetch::ForgetWaiters() {
  Shards& shards = context_.services().shards;
  for (int i = 0; i < shards.count(); ++i) {
    shards.at(i).Post([parked = parked_[static_cast<size_t>(i)]] { parked->Cancel(); });
  }
}

Task<Result<Pieces>> Fetch::Run() {
  Outcomes outcomes = co_await ReadAll(Register::kNo);
  if (wait_.count() > 0 && !Enough(outcomes)) {
    const auto deadline = SteadyClock::now() + wait_;
    const auto unparks = context_.NotifyWhenEnding(news_);
    while (true) {
      // Register and read in one turn of the bucket's shard: no append can slip between the two.
      news_->Reset();
      outcomes = co_await ReadAll(Register::kYes);
      const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyClock::now());
      if (Enough(outcomes) || left.count() <= 0 || context_.ending()) break;
      co_await Completion::Wait(news_, left);
      ForgetWaiters();
    }
    ForgetWaiters();
  }
  co_return Encode(std::move(outcomes));
}

/// Fields 1 to 7 of PbFetchLogRespForBucket and the prefix of field 8, the records.
std::string EncodeBucketHead(const FetchSpec& spec, const Result<Fetched>& outcome,
                             int64_t record_bytes) {
  std::string out;
  AppendBucketFields(out, spec.bucket.partition, spec.bucket.bucket);
  if (!outcome.ok()) {
    AppendErrorFields(out, outcome.error());
    return out;
  }
  AppendIntField(out, 5, outcome->high_watermark);
  AppendIntField(out, 6, 0);  // log_start_offset: always 0 upstream, clients ignore it
  AppendLengthPrefix(out, 8, record_bytes);
  return out;
}

Pieces Fetch::Encode(Outcomes outcomes) {
  // Lengths come before contents in protobuf: first the heads of all buckets, then tables, then all
  // in order.
  std::vector<std::string> heads;
  int64_t total = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].ok() && total > 0 && total >= bytes_max_) {
      outcomes[i]->records = Pieces();
      outcomes[i]->bytes = 0;
    }
    const int64_t bytes = outcomes[i].ok() ? outcomes[i]->bytes : 0;
    total += bytes;
    heads.push_back(EncodeBucketHead((*specs_)[i], outcomes[i], bytes));
  }

  Pieces reply = StartReply(64 + 64 * outcomes.size());
  size_t index = 0;
  for (const FetchTable& table : request_.tables) {
    int64_t table_bytes =
        static_cast<int64_t>(1 + VarintBytes(static_cast<uint64_t>(table.table.value)));
    for (size_t i = index; i < index + table.buckets.size(); ++i) {
      const int64_t bytes =
          static_cast<int64_t>(heads[i].size()) + (outcomes[i].ok() ? outcomes[i]->bytes : 0);
      table_bytes += LengthPrefixSize(2, bytes) + bytes;
    }
    AppendLengthPrefix(reply.Tail(), 1, table_bytes);
    AppendIntField(reply.Tail(), 1, table.table.value);
    for (size_t end = index + table.buckets.size(); index < end; ++index) {
      const int64_t bytes = outcomes[index].ok() ? outcomes[index]->bytes : 0;
      AppendLengthPrefix(reply.Tail(), 2, static_cast<int64_t>(heads[index].size()) + bytes);
      reply.Tail().append(heads[index]);
      if (outcomes[index].ok()) reply.Append(std::move(outcomes[index]->records));
    }
  }
  return reply;
}

Status MayRead(const RequestContext& context, const FetchLogMessage& request) {
  for (const FetchTable& table : request.tables) {
    RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, table.table));
  }
  return {};
}

}  // namespace

Task<Result<Pieces>> FetchLog(RequestContext& context, SharedBytes body) {
  CO_ASSIGN_OR_RETURN(const FetchLogMessage request, Decode(context, body.view(), ParseFetchLog));
  CO_RETURN_IF_ERROR(MayRead(context, request));
  Fetch fetch(context, request);
  Result<Pieces> reply = co_await fetch.Run();
  // A fetch may wait for minutes: a table may have come into being under its id, or a right been taken away.
  CO_RETURN_IF_ERROR(MayRead(context, request));
  co_return reply;
}

}  // namespace weir
