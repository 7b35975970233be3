// LOOKUP and PREFIX_LOOKUP: rows of a primary-key table by encoded key or key prefix. Values are
// written into the reply on the shard that owns the bucket, straight from where the row lies. An
// answer leaves only when the state it saw is as durable as the table promises. Source: Fluss
// 545c5539 TabletService.lookup, prefixLookup.
#include <algorithm>
#include <atomic>

#include "handlers/bucket_calls.h"
#include "handlers/bucket_reply.h"
#include "handlers/handlers.h"
#include "handlers/key_version.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablet.h"
#include "wire/hot_requests.h"

namespace weir {
namespace {

constexpr int kValuesField = 5;
// A request with many keys of large rows must not make a reply that no client takes and no memory
// holds.
constexpr int64_t kReplyBytesMax = 256 * MiB;

/// What the values of one reply may still take. Its buckets are looked up on several shards, so a
/// reply may exceed it by what they find at the same moment.
class Budget {
 public:
  int64_t left() const { return left_.load(std::memory_order_relaxed); }
  void Take(int64_t bytes) { left_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// Nothing is left for the next ones, either: each would copy a row to find that out.
  Failure Exceed() {
    left_.store(0, std::memory_order_relaxed);
    return Fail(ErrorCode::kRecordTooLarge,
                "the rows of a request are too many for one reply: bytes_max={}", kReplyBytesMax);
  }

 private:
  std::atomic<int64_t> left_ = kReplyBytesMax;
};

template <class Message>
struct Shared {
  SharedBytes body;  // keeps the keys alive
  Message request;
  int16_t version;
  Budget budget = {};
};

using Values = std::string;  // encoded fields of one bucket's reply

struct Found {
  Values values;
  Offset readable_at = 0;
};

Status CheckKv(const Tablet& tablet, int16_t version) {
  if (tablet.kv != nullptr) return CheckKeyVersion(*tablet.table, version);
  return Fail(ErrorCode::kNonPrimaryKeyTable, "not a primary-key table: table={}",
              tablet.table->path.ToString());
}

/// PbValue{1 values}; without the field: not found.
void AppendValue(std::string& out, const BytesView* value) {
  if (value == nullptr) return AppendLengthPrefix(out, kValuesField, 0);
  const auto bytes = static_cast<int64_t>(value->size());
  AppendLengthPrefix(out, kValuesField, LengthPrefixSize(1, bytes) + bytes);
  AppendBytesField(out, 1, *value);
}

Result<Found> LookupKeys(const Tablet& tablet, const KeysForBucket& bucket, bool insert,
                         int16_t version, Budget& budget) {
  RETURN_IF_ERROR(CheckKv(tablet, version));
  const int64_t bytes_max = budget.left();
  if (bytes_max <= 0) return budget.Exceed();
  Found found;
  const ValueSink sink = [&found, bytes_max](size_t, const BytesView* value) {
    if (std::ssize(found.values) <= bytes_max) AppendValue(found.values, value);
  };
  ASSIGN_OR_RETURN(found.readable_at, insert ? tablet.kv->LookupOrInsert(bucket.keys, sink)
                                             : tablet.kv->Lookup(bucket.keys, sink));
  if (std::ssize(found.values) > bytes_max) return budget.Exceed();
  budget.Take(std::ssize(found.values));
  return found;
}

/// The official clients ask for the columns of the bucket key, all of them, and for nothing when
/// these are the whole key. Anything else would walk through the bucket for each prefix.
Status CheckPrefixes(const Tablet& tablet, const KeysForBucket& bucket) {
  if (!tablet.kv->has_prefix_lookup()) {
    return Fail(ErrorCode::kInvalidTable,
                "prefix look-ups need a bucket key that is a part of the primary key: table={}",
                tablet.table->path.ToString());
  }
  if (std::ranges::none_of(bucket.keys, &BytesView::empty)) return {};
  return Fail(ErrorCode::kInvalidTable, "a prefix must not be empty: table={}",
              tablet.table->path.ToString());
}

/// PbValueList{1 values*} for each prefix.
Result<Found> LookupPrefixes(const Tablet& tablet, const KeysForBucket& bucket, int16_t version,
                             Budget& budget) {
  RETURN_IF_ERROR(CheckKv(tablet, version));
  RETURN_IF_ERROR(CheckPrefixes(tablet, bucket));
  const int64_t bytes_max = budget.left();
  Found found;
  for (const BytesView prefix : bucket.keys) {
    if (std::ssize(found.values) >= bytes_max) return budget.Exceed();
    const int64_t list_max = bytes_max - std::ssize(found.values);
    std::string list;
    ASSIGN_OR_RETURN(const Offset readable_at,
                     tablet.kv->PrefixLookup(prefix, [&list, list_max](BytesView value) {
                       AppendBytesField(list, 1, value);
                       return std::ssize(list) <= list_max;
                     }));
    if (std::ssize(list) > list_max) return budget.Exceed();
    found.readable_at = std::max(found.readable_at, readable_at);
    AppendBytesField(found.values, kValuesField, list);
  }
  budget.Take(std::ssize(found.values));
  return found;
}

std::vector<TableBucket> BucketsOf(TableId table, const std::vector<KeysForBucket>& request) {
  std::vector<TableBucket> buckets;
  for (const KeysForBucket& bucket : request)
    buckets.push_back({table, bucket.partition, bucket.bucket});
  return buckets;
}

Pieces Encode(const std::vector<KeysForBucket>& request,
              const std::vector<Result<Values>>& outcomes) {
  size_t bytes = 0;
  for (const auto& outcome : outcomes)
    bytes += 64 + (outcome.ok() ? outcome->size() : outcome.error().message.size());
  Pieces reply = StartReply(bytes);
  std::string& out = reply.Tail();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    std::string fields;
    AppendBucketFields(fields, request[i].partition, request[i].bucket);
    if (request[i].original_partition_name)
      AppendBytesField(fields, 6, *request[i].original_partition_name);
    if (!outcomes[i].ok()) AppendErrorFields(fields, outcomes[i].error());
    const BytesView values = outcomes[i].ok() ? BytesView(*outcomes[i]) : BytesView();
    AppendLengthPrefix(out, 1, static_cast<int64_t>(fields.size() + values.size()));
    out.append(fields);
    out.append(values);
  }
  return reply;
}

void AnswerFound(const Tablet& tablet, Result<Found> found, const BucketAnswer<Values>& answer) {
  if (!found.ok()) return answer(Forward(std::move(found)));
  AnswerWhenDurable(*tablet.log, found->readable_at, std::move(found->values), answer);
}

}  // namespace

Task<Result<Pieces>> Lookup(RequestContext& context, SharedBytes body) {
  CO_ASSIGN_OR_RETURN(LookupMessage request, Decode(context, body.view(), ParseLookup));
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, request.table));
  if (request.insert_if_not_exists) {
    CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kWrite, request.table));
  }
  const auto shared = std::make_shared<Shared<LookupMessage>>(std::move(body), std::move(request),
                                                              context.version());
  const LookupMessage& asked = shared->request;
  const auto at_most =
      asked.insert_if_not_exists ? AckTimeout(-1, asked.timeout_ms, kNoAckTimeout) : kNoAckTimeout;
  const auto outcomes = co_await CallBuckets<Values>(
      context, BucketsOf(asked.table, asked.buckets), at_most,
      [shared](const Result<std::shared_ptr<Tablet>>& tablet, size_t index,
               const BucketAnswer<Values>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        AnswerFound(
            **tablet,
            LookupKeys(**tablet, shared->request.buckets[index],
                       shared->request.insert_if_not_exists, shared->version, shared->budget),
            answer);
      });
  co_return Encode(asked.buckets, outcomes);
}

Task<Result<Pieces>> PrefixLookup(RequestContext& context, SharedBytes body) {
  CO_ASSIGN_OR_RETURN(PrefixLookupMessage request, Decode(context, body.view(), ParsePrefixLookup));
  CO_RETURN_IF_ERROR(context.AuthorizeTable(Operation::kRead, request.table));
  const auto shared = std::make_shared<Shared<PrefixLookupMessage>>(
      std::move(body), std::move(request), context.version());
  const auto outcomes = co_await CallBuckets<Values>(
      context, BucketsOf(shared->request.table, shared->request.buckets), kNoAckTimeout,
      [shared](const Result<std::shared_ptr<Tablet>>& tablet, size_t index,
               const BucketAnswer<Values>& answer) {
        if (!tablet.ok()) return answer(Forward(tablet));
        AnswerFound(**tablet,
                    LookupPrefixes(**tablet, shared->request.buckets[index], shared->version,
                                   shared->budget),
                    answer);
      });
  co_return Encode(shared->request.buckets, outcomes);
}

}  // namespace weir
