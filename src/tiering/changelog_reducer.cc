#include "tiering/changelog_reducer.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "tiering/take_rows.h"

namespace weir {
namespace {

/// Of the hash table, for a key: node, bucket and allocation.
constexpr int64_t kBytesOfEntry = 72;

}  // namespace

Status ChangelogReducer::Add(LakeRows rows) {
  ASSIGN_OR_RETURN(KeyList keys, encoder_.Encode(*rows.rows));
  memory_bytes_ += arrow::util::TotalBufferSize(*rows.rows) + keys.memory_bytes() +
                   static_cast<int64_t>(rows.changes.size());
  batches_.push_back({std::move(rows), std::move(keys)});
  const Batch& batch = batches_.back();
  const auto number = static_cast<uint32_t>(batches_.size() - 1);
  for (uint32_t row = 0; row < batch.keys.size(); ++row) {
    const ChangeType change =
        batch.rows.changes.empty() ? ChangeType::kAppendOnly : batch.rows.changes[row];
    if (change == ChangeType::kUpdateBefore) continue;  // the row after it follows
    const auto [at, added] = last_.try_emplace(batch.keys[row]);
    Last& last = at->second;
    if (added) memory_bytes_ += kBytesOfEntry;
    if (added) last.was_new = inserts_ == Inserts::kTrusted && change == ChangeType::kInsert;
    last.batch = number;
    last.row = row;
    last.deleted = change == ChangeType::kDelete;
  }
  return {};
}

std::vector<BytesView> ChangelogReducer::MayHaveOlderRow() const {
  std::vector<BytesView> out;
  for (const auto& [key, last] : last_) {
    if (!last.was_new) out.push_back(key);
  }
  return out;
}

std::vector<BytesView> ChangelogReducer::deleted() const {
  std::vector<BytesView> out;
  for (const auto& [key, last] : last_) {
    if (last.deleted) out.push_back(key);
  }
  return out;
}

Result<ChangelogReducer::Kept> ChangelogReducer::KeptOf(size_t number) const {
  const Batch& batch = batches_[number];
  Kept kept;
  std::vector<int32_t> rows;
  for (uint32_t row = 0; row < batch.keys.size(); ++row) {
    const auto found = last_.find(batch.keys[row]);
    if (found == last_.end()) continue;
    const Last& last = found->second;
    if (last.batch != number || last.row != row || last.deleted) continue;
    rows.push_back(static_cast<int32_t>(row));
    kept.keys.push_back(batch.keys[row]);
  }
  if (rows.empty()) return kept;
  ASSIGN_OR_RETURN(kept.rows, TakeRows(batch.rows.rows, rows));
  return kept;
}

}  // namespace weir
