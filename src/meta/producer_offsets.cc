#include "meta/producer_offsets.h"

#include <algorithm>

#include "meta/bucket_numbers.h"
#include "meta/store.h"
#include "meta/table_path.h"

namespace weir {

namespace {

constexpr std::string_view kPrefix = "producer/";

std::string KeyOf(std::string_view producer) { return std::string(kPrefix).append(producer); }

Status CheckProducer(std::string_view producer) {
  return CheckName("producer id", producer, ErrorCode::kInvalidProducerId);
}

/// `now` plus a time to live, without overflow.
int64_t Expiry(int64_t now_ms, int64_t ttl_ms) {
  int64_t out = 0;
  return __builtin_add_overflow(now_ms, std::max<int64_t>(ttl_ms, 0), &out) ? INT64_MAX : out;
}

}  // namespace

ProducerOffsets::ProducerOffsets(Store& store, const Clock& clock, int64_t ttl_ms_default)
    : store_(store), clock_(clock), ttl_ms_default_(ttl_ms_default) {}

Status ProducerOffsets::Load() {
  for (const auto& [key, value] : store_.Scan(kPrefix)) {
    ASSIGN_OR_RETURN(BucketNumbers record, BucketNumbersFromRecord(value));
    entries_[key.substr(kPrefix.size())] = {.offsets = std::move(record.numbers),
                                            .expires_ms = record.expires_ms};
  }
  return {};
}

Result<ProducerOffsets::Registered> ProducerOffsets::Register(
    const std::string& producer, const std::map<TableBucket, Offset>& offsets,
    std::optional<int64_t> ttl_ms) {
  RETURN_IF_ERROR(CheckProducer(producer));
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_.NowMs();
  const auto found = entries_.find(producer);
  if (found != entries_.end() && found->second.expires_ms > now) return Registered::kAlreadyExists;
  Entry entry{.offsets = offsets, .expires_ms = Expiry(now, ttl_ms.value_or(ttl_ms_default_))};
  Transaction transaction;
  transaction.Put(KeyOf(producer), ToRecord(BucketNumbers{.expires_ms = entry.expires_ms,
                                                          .numbers = entry.offsets}));
  RETURN_IF_ERROR(store_.Commit(transaction));
  entries_.insert_or_assign(producer, std::move(entry));
  return Registered::kCreated;
}

Result<std::optional<ProducerOffsets::Entry>> ProducerOffsets::Get(
    const std::string& producer) const {
  RETURN_IF_ERROR(CheckProducer(producer));
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(producer);
  if (found == entries_.end() || found->second.expires_ms <= clock_.NowMs())
    return std::optional<Entry>();
  return std::optional(found->second);
}

Status ProducerOffsets::Delete(const std::string& producer) {
  RETURN_IF_ERROR(CheckProducer(producer));
  const std::lock_guard lock(mutex_);
  if (!entries_.contains(producer)) return {};
  Transaction transaction;
  transaction.Delete(KeyOf(producer));
  RETURN_IF_ERROR(store_.Commit(transaction));
  entries_.erase(producer);
  return {};
}

Status ProducerOffsets::RemoveExpired() {
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_.NowMs();
  const auto expired = [now](const auto& item) { return item.second.expires_ms <= now; };
  Transaction transaction;
  for (const auto& item : entries_) {
    if (expired(item)) transaction.Delete(KeyOf(item.first));
  }
  if (transaction.empty()) return {};
  RETURN_IF_ERROR(store_.Commit(transaction));
  std::erase_if(entries_, expired);
  return {};
}

}  // namespace weir
