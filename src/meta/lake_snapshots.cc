#include "meta/lake_snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ranges>

#include "meta/catalog.h"
#include "meta/catalog_records.h"
#include "meta/store.h"

namespace weir {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "lake-snapshot/";
constexpr int kOffsetsVersion = 1;
constexpr BucketId kBucketsMax = 1'000'000;

std::string KeysOf(TableId table) { return fmt::format("{}{:020}/", kPrefix, table.value); }

std::string KeyOf(TableId table, int64_t sequence) {
  return fmt::format("{}{:020}", KeysOf(table), sequence);
}

Failure BadOffsets(std::string_view what) {
  return Fail(ErrorCode::kStorage, "not an offsets file of the lake: {}", what);
}

json::array BucketArray(const std::map<BucketId, Offset>& buckets) {
  json::array out;
  for (const auto& [bucket, offset] : buckets) {
    while (out.size() < static_cast<size_t>(bucket)) out.emplace_back(-1);
    out.emplace_back(offset);
  }
  return out;
}

json::object ToObject(TableId table, const LakeOffsets& offsets) {
  std::map<std::optional<PartitionId>, std::map<BucketId, Offset>> parts;
  for (const auto& [bucket, offset] : offsets) parts[bucket.partition][bucket.bucket] = offset;
  json::object out{{"version", kOffsetsVersion}, {"table_id", table.value}};
  json::array partitions;
  for (const auto& [partition, buckets] : parts) {
    if (partition) {
      partitions.push_back(json::object{{"partition_id", partition->value},
                                        {"bucket_offsets", BucketArray(buckets)}});
    } else {
      out["bucket_offsets"] = BucketArray(buckets);
    }
  }
  if (!partitions.empty()) out["partition_offsets"] = std::move(partitions);
  return out;
}

Status AddBuckets(TableId table, std::optional<PartitionId> partition, const json::value* list,
                  LakeOffsets& out) {
  if (list == nullptr || !list->is_array()) return BadOffsets("no list of offsets");
  if (list->get_array().size() > kBucketsMax) return BadOffsets("too many buckets");
  BucketId bucket = 0;
  for (const json::value& offset : list->get_array()) {
    if (!offset.is_int64()) return BadOffsets("an offset is not a number");
    if (offset.get_int64() >= 0)
      out[{.table = table, .partition = partition, .bucket = bucket}] = offset.get_int64();
    ++bucket;
  }
  return {};
}

Result<LakeOffsets> FromObject(TableId table, const json::object& object) {
  const json::value* version = object.if_contains("version");
  const json::value* id = object.if_contains("table_id");
  if (version == nullptr || !version->is_int64() || version->get_int64() != kOffsetsVersion)
    return BadOffsets("another version");
  if (id == nullptr || !id->is_int64() || id->get_int64() != table.value)
    return BadOffsets("another table");
  LakeOffsets out;
  if (object.contains("bucket_offsets"))
    RETURN_IF_ERROR(AddBuckets(table, std::nullopt, object.if_contains("bucket_offsets"), out));
  const json::value* partitions = object.if_contains("partition_offsets");
  if (partitions == nullptr) return out;
  if (!partitions->is_array()) return BadOffsets("partitions are not a list");
  for (const json::value& item : partitions->get_array()) {
    const json::object* part = item.if_object();
    const json::value* partition = part == nullptr ? nullptr : part->if_contains("partition_id");
    if (partition == nullptr || !partition->is_int64()) return BadOffsets("a partition has no id");
    RETURN_IF_ERROR(AddBuckets(table, PartitionId{partition->get_int64()},
                               part->if_contains("bucket_offsets"), out));
  }
  return out;
}

Result<json::object> ParseObject(std::string_view text) {
  boost::system::error_code error;
  json::value document = json::parse(text, error);
  if (error || !document.is_object()) return BadOffsets("not a JSON object");
  return std::move(document.get_object());
}

std::string ToRecord(TableId table, const LakeSnapshot& snapshot) {
  json::object out{{"version", 1},
                   {"snapshot_id", snapshot.snapshot_id},
                   {"committed", snapshot.committed_ms},
                   {"tiered", ToObject(table, snapshot.tiered)},
                   {"tiered_path", snapshot.tiered_path}};
  if (snapshot.readable) {
    out["readable"] = ToObject(table, *snapshot.readable);
    out["readable_path"] = snapshot.readable_path;
  }
  return json::serialize(out);
}

std::string TextOr(const json::object& object, std::string_view key) {
  const json::value* text = object.if_contains(key);
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

Result<LakeSnapshot> FromRecord(TableId table, std::string_view record) {
  ASSIGN_OR_RETURN(const json::object object, ParseObject(record));
  const json::value* id = object.if_contains("snapshot_id");
  const json::value* committed = object.if_contains("committed");
  const json::value* tiered = object.if_contains("tiered");
  if (id == nullptr || !id->is_int64() || committed == nullptr || !committed->is_int64() ||
      tiered == nullptr || !tiered->is_object())
    return BadOffsets("a record of a snapshot is malformed");
  LakeSnapshot out{.snapshot_id = id->get_int64(), .committed_ms = committed->get_int64()};
  ASSIGN_OR_RETURN(out.tiered, FromObject(table, tiered->get_object()));
  out.tiered_path = TextOr(object, "tiered_path");
  if (const json::value* readable = object.if_contains("readable");
      readable != nullptr && readable->is_object()) {
    ASSIGN_OR_RETURN(out.readable, FromObject(table, readable->get_object()));
    out.readable_path = TextOr(object, "readable_path");
  }
  return out;
}

}  // namespace

std::string ToOffsetsJson(TableId table, const LakeOffsets& offsets) {
  return json::serialize(ToObject(table, offsets));
}

Result<LakeOffsets> LakeOffsetsFromJson(TableId table, std::string_view text) {
  ASSIGN_OR_RETURN(const json::object object, ParseObject(text));
  return FromObject(table, object);
}

LakeSnapshots::LakeSnapshots(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

Status LakeSnapshots::Load() {
  for (const auto& [key, value] : store_.Scan(kPrefix)) {
    ASSIGN_OR_RETURN(const auto ids, records::TwoNumbers(key, kPrefix));
    const TableId table{ids.first};
    ASSIGN_OR_RETURN(tables_[table][ids.second], FromRecord(table, value));
  }
  return {};
}

std::optional<LakeSnapshot> LakeSnapshots::Latest(TableId table) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end() || found->second.empty()) return std::nullopt;
  return found->second.rbegin()->second;
}

std::optional<LakeSnapshot> LakeSnapshots::Readable(TableId table) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end()) return std::nullopt;
  for (const auto& [sequence, snapshot] : std::views::reverse(found->second)) {
    if (snapshot.readable) return snapshot;
  }
  return std::nullopt;
}

std::optional<LakeSnapshot> LakeSnapshots::Find(TableId table, int64_t snapshot_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(table);
  if (found == tables_.end()) return std::nullopt;
  for (const auto& [sequence, snapshot] : found->second) {
    if (snapshot.snapshot_id == snapshot_id) return snapshot;
  }
  return std::nullopt;
}

Offset LakeSnapshots::TieredOffset(const TableBucket& bucket) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(bucket.table);
  if (found == tables_.end() || found->second.empty()) return 0;
  const LakeOffsets& tiered = found->second.rbegin()->second.tiered;
  const auto offset = tiered.find(bucket);
  return offset == tiered.end() ? 0 : offset->second;
}

LakeSnapshots::Change LakeSnapshots::Add(TableId table, LakeSnapshot snapshot, Keep keep,
                                         Transaction& transaction) const {
  const std::lock_guard lock(mutex_);
  snapshot.committed_ms = clock_.NowMs();
  Change change{.table = table, .sequence = 1};
  if (const auto found = tables_.find(table); found != tables_.end() && !found->second.empty()) {
    const Sequences& known = found->second;
    change.sequence = known.rbegin()->first + 1;
    const auto same = std::ranges::find_if(
        known, [&](const auto& entry) { return entry.second.snapshot_id == snapshot.snapshot_id; });
    if (same != known.end()) change.sequence = same->first;
    int64_t first_kept = change.sequence;
    if (keep.kind == Keep::Kind::kAll) first_kept = known.begin()->first;
    if (keep.kind == Keep::Kind::kNewest) first_kept = change.sequence - keep.value + 1;
    if (keep.kind == Keep::Kind::kFrom) {
      const auto from = std::ranges::find_if(
          known, [&](const auto& entry) { return entry.second.snapshot_id == keep.value; });
      first_kept = from == known.end() ? known.begin()->first : from->first;
    }
    // Who keeps the newest goes back with a table that was rolled back to one of them.
    const bool newest = keep.kind == Keep::Kind::kNewest;
    for (const auto& [sequence, old] : known) {
      if (sequence < first_kept || (newest && sequence > change.sequence))
        change.forgotten.push_back(sequence);
    }
  }
  NeedTable(table, transaction);
  for (const int64_t sequence : change.forgotten) transaction.Delete(KeyOf(table, sequence));
  transaction.Put(KeyOf(table, change.sequence), ToRecord(table, snapshot));
  change.snapshot = std::move(snapshot);
  return change;
}

void LakeSnapshots::Applied(Change change) {
  const std::lock_guard lock(mutex_);
  // Dropped since it was committed.
  if (!store_.Get(KeyOf(change.table, change.sequence))) return;
  Sequences& known = tables_[change.table];
  for (const int64_t sequence : change.forgotten) known.erase(sequence);
  known.insert_or_assign(change.sequence, std::move(change.snapshot));
}

Result<std::vector<LakeSnapshot>> LakeSnapshots::Commit(TableId table, LakeSnapshot snapshot,
                                                        Keep keep) {
  Transaction transaction;
  Change change = Add(table, std::move(snapshot), keep, transaction);
  RETURN_IF_ERROR(store_.Commit(transaction));
  std::vector<LakeSnapshot> forgotten;
  {
    const std::lock_guard lock(mutex_);
    for (const int64_t sequence : change.forgotten) {
      if (const auto old = tables_[table].find(sequence); old != tables_[table].end())
        forgotten.push_back(old->second);
    }
  }
  Applied(std::move(change));
  return forgotten;
}

Status LakeSnapshots::Drop(TableId table) {
  // By the store: there may be one that is committed and not yet known here.
  Transaction transaction;
  for (const auto& [key, value] : store_.Scan(KeysOf(table))) transaction.Delete(key);
  if (transaction.empty()) return {};
  RETURN_IF_ERROR(store_.Commit(transaction));
  const std::lock_guard lock(mutex_);
  tables_.erase(table);
  return {};
}

std::vector<TableId> LakeSnapshots::Tables() const {
  const std::lock_guard lock(mutex_);
  std::vector<TableId> out;
  for (const auto& [table, snapshots] : tables_) out.push_back(table);
  return out;
}

}  // namespace weir
