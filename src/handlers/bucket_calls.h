// Work on many buckets for one request: one hop to each shard that owns some of them, answers that
// may come at once or later (when a write is durable), one hop home per shard when its last answer
// is there.
//
//   auto outcomes = co_await CallBuckets<Appended>(context, buckets, 30s,
//       [request](Result<std::shared_ptr<Tablet>> tablet, size_t index, BucketAnswer<Appended>
//       answer) {
//         if (!tablet.ok()) return answer(Forward(std::move(tablet)));
//         ...
//       });
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "async/completion.h"
#include "base/result.h"
#include "handlers/services.h"
#include "rpc/request_context.h"
#include "tablet/tablets.h"

namespace weir {
namespace bucket_calls_detail {

/// The request's side: touched on its home shard only.
template <class Outcome>
struct Call {
  Call(Shard& home, size_t buckets) : done(std::make_shared<Completion>(home)), outcomes(buckets) {}

  std::shared_ptr<Completion> done;
  std::vector<std::optional<Result<Outcome>>> outcomes;  // by index; empty: not answered yet
  size_t groups_left = 0;
};

/// One shard's side: touched on that shard only, until it is handed home whole.
template <class Outcome>
struct Group : std::enable_shared_from_this<Group<Outcome>> {
  Group(Shard& h, Shard& o, std::shared_ptr<Call<Outcome>> c)
      : home(h), owner(o), call(std::move(c)) {}

  void Answer(size_t index, Result<Outcome> outcome) {
    answers.emplace_back(index, std::move(outcome));
    Finish();
  }
  void Finish() {
    if (--left > 0) return;
    if (&home == &owner) return ComeHome();
    home.Post([self = this->shared_from_this()] { self->ComeHome(); });
  }
  void ComeHome() {
    for (auto& [index, outcome] : answers) call->outcomes[index] = std::move(outcome);
    if (--call->groups_left == 0) call->done->Notify();
  }

  Shard& home;
  Shard& owner;
  std::shared_ptr<Call<Outcome>> call;
  std::vector<std::pair<size_t, Result<Outcome>>> answers;
  size_t left = 0;
};

}  // namespace bucket_calls_detail

/// Where the outcome for one bucket goes: called exactly once, on the shard that owns the bucket.
template <class Outcome>
class BucketAnswer {
 public:
  using Group = bucket_calls_detail::Group<Outcome>;
  BucketAnswer(std::shared_ptr<Group> group, size_t index)
      : group_(std::move(group)), index_(index) {}
  void operator()(Result<Outcome> outcome) const { group_->Answer(index_, std::move(outcome)); }

 private:
  std::shared_ptr<Group> group_;
  size_t index_;
};

/// How long a request waits for shards when it asks for no more than their attention.
inline constexpr std::chrono::milliseconds kNoAckTimeout = std::chrono::minutes(5);

/// Call `start(tablet, index, answer)` for each bucket, in the order of `buckets` on each shard.
/// `start` is copied to each shard and must own what it uses: the request may be given up (outcome
/// kRequestTimeOut) before it ran.
template <class Outcome, class Start>
Task<std::vector<Result<Outcome>>> CallBuckets(RequestContext& context,
                                               std::vector<TableBucket> buckets,
                                               std::chrono::milliseconds at_most, Start start) {
  using Call = bucket_calls_detail::Call<Outcome>;
  using Group = bucket_calls_detail::Group<Outcome>;
  Tablets& tablets = *context.services().tablets;
  Shard& home = context.shard();
  auto call = std::make_shared<Call>(home, buckets.size());
  auto groups = tablets.GroupByShard(buckets);
  call->groups_left = groups.size();
  const auto shared_buckets = std::make_shared<const std::vector<TableBucket>>(std::move(buckets));

  for (auto& one : groups) {
    Shard& owner = tablets.shards().at(one.shard);
    auto group = std::make_shared<Group>(home, owner, call);
    group->left = one.indexes.size() +
                  1;  // one for the loop below: answers given inside it do not go home yet
    auto work = [&tablets, group, start, shared_buckets, indexes = std::move(one.indexes)] {
      for (const size_t index : indexes) {
        start(tablets.Open((*shared_buckets)[index]), index, BucketAnswer<Outcome>(group, index));
      }
      group->Finish();
    };
    if (&owner == &home) {
      work();
    } else {
      owner.Post(std::move(work));
    }
  }
  if (!groups.empty()) co_await Completion::Wait(call->done, at_most);

  std::vector<Result<Outcome>> outcomes;
  outcomes.reserve(call->outcomes.size());
  for (auto& outcome : call->outcomes) {
    outcomes.push_back(
        outcome ? std::move(*outcome)
                : Result<Outcome>(Fail(ErrorCode::kRequestTimeOut,
                                       "not done in time: timeout_ms={}", at_most.count())));
  }
  co_return outcomes;
}

/// Answer with `outcome` once everything below `offset` is as durable as the table promises.
template <class Outcome>
void AnswerWhenDurable(LogTablet& log, Offset offset, Outcome outcome,
                       const BucketAnswer<Outcome>& answer) {
  if (log.high_watermark() >= offset) return answer(std::move(outcome));
  log.WhenHighWatermark(
      offset, [answer, outcome = std::move(outcome)](const Status& status) mutable {
        answer(status.ok() ? Result<Outcome>(std::move(outcome)) : Forward(status));
      });
}

}  // namespace weir
