#include "tiering/changelog_reducer.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

#include "base/hash.h"
#include "tiering/take_rows.h"

namespace weir {
namespace {

constexpr size_t kSlotsMin = 1024;

/// Rows before an update say nothing that the row after them does not say.
Status DropRowsBefore(LakeRows& rows) {
  if (std::ranges::find(rows.changes, ChangeType::kUpdateBefore) == rows.changes.end()) return {};
  std::vector<int32_t> kept;
  std::vector<ChangeType> changes;
  for (size_t row = 0; row < rows.changes.size(); ++row) {
    if (rows.changes[row] == ChangeType::kUpdateBefore) continue;
    kept.push_back(static_cast<int32_t>(row));
    changes.push_back(rows.changes[row]);
  }
  ASSIGN_OR_RETURN(rows.rows, TakeRows(rows.rows, kept));
  rows.changes = std::move(changes);
  return {};
}

}  // namespace

Status ChangelogReducer::Add(LakeRows rows) {
  RETURN_IF_ERROR(DropRowsBefore(rows));
  ASSIGN_OR_RETURN(KeyList keys, encoder_.Encode(*rows.rows));
  memory_bytes_ += arrow::util::TotalBufferSize(*rows.rows) + keys.memory_bytes() +
                   static_cast<int64_t>(rows.changes.size() + keys.size() * sizeof(uint32_t));
  batches_.push_back({std::move(rows), std::move(keys), {}});
  Batch& batch = batches_.back();
  batch.last.resize(batch.keys.size());
  const auto number = static_cast<uint32_t>(batches_.size() - 1);
  for (uint32_t row = 0; row < batch.keys.size(); ++row) {
    const ChangeType change =
        batch.rows.changes.empty() ? ChangeType::kAppendOnly : batch.rows.changes[row];
    const size_t before = last_.size();
    batch.last[row] = PlaceOf(batch.keys[row]);
    Last& last = last_[batch.last[row]];
    if (last_.size() > before)
      last.was_new = inserts_ == Inserts::kTrusted && change == ChangeType::kInsert;
    last.batch = number;
    last.row = row;
    last.deleted = change == ChangeType::kDelete;
  }
  return {};
}

uint32_t ChangelogReducer::PlaceOf(BytesView key) {
  if (last_.size() * 2 >= slots_.size()) Grow();
  const auto hash = static_cast<uint32_t>(HashBytes(key));
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != kNone; slot = (slot + 1) & mask) {
    const Last& other = last_[slots_[slot]];
    if (other.hash == hash && KeyOf(other) == key) return slots_[slot];
  }
  slots_[slot] = static_cast<uint32_t>(last_.size());
  last_.push_back({.hash = hash});
  return slots_[slot];
}

void ChangelogReducer::Grow() {
  slots_.assign(std::max(kSlotsMin, slots_.size() * 2), kNone);
  const size_t mask = slots_.size() - 1;
  for (uint32_t place = 0; place < last_.size(); ++place) {
    size_t slot = last_[place].hash & mask;
    while (slots_[slot] != kNone) slot = (slot + 1) & mask;
    slots_[slot] = place;
  }
}

std::vector<BytesView> ChangelogReducer::MayHaveOlderRow() const {
  std::vector<BytesView> out;
  for (const Last& last : last_) {
    if (!last.was_new) out.push_back(KeyOf(last));
  }
  return out;
}

std::vector<BytesView> ChangelogReducer::deleted() const {
  std::vector<BytesView> out;
  for (const Last& last : last_) {
    if (last.deleted) out.push_back(KeyOf(last));
  }
  return out;
}

Result<ChangelogReducer::Kept> ChangelogReducer::KeptOf(size_t number) const {
  const Batch& batch = batches_[number];
  Kept kept;
  std::vector<int32_t> rows;
  for (uint32_t row = 0; row < batch.keys.size(); ++row) {
    const Last& last = last_[batch.last[row]];
    if (last.batch != number || last.row != row || last.deleted) continue;
    rows.push_back(static_cast<int32_t>(row));
    kept.keys.push_back(batch.keys[row]);
  }
  if (rows.empty()) return kept;
  ASSIGN_OR_RETURN(kept.rows, TakeRows(batch.rows.rows, rows));
  return kept;
}

}  // namespace weir
