#include "tablet/kv_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/endian.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

// Records looked at ahead of the one being applied, to hide the memory's latency.
constexpr size_t kAhead = 16;
// Of the rows one batch puts into the index, which are all kept until it is final. Generous, as the
// bound of its changelog is: a request of 100 MiB may update rows twice its size.
constexpr size_t kChangedBytesMax = 512 * MiB;

struct Planned {
  KvRecord record;
  uint64_t hash = 0;
};

/// The changes of one batch: undone on every way out of Put, also that of an exception, unless the
/// log has them.
class Changes {
 public:
  Changes(KvChangelog& changelog, HotIndex& index) : changelog_(changelog), index_(index) {}
  ~Changes() {
    if (kept_) return;
    changelog_.Clear();
    index_.Rollback();
  }
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  void Keep() {
    index_.Commit();
    kept_ = true;
  }

 private:
  KvChangelog& changelog_;
  HotIndex& index_;
  bool kept_ = false;
};

}  // namespace

Status KvWriter::UseRules() {
  if (rules_ == state_.rules && changelog_ != nullptr) return {};
  rules_ = state_.rules;
  cached_merger_.reset();
  ASSIGN_OR_RETURN(changelog_, KvChangelog::Make(*rules_));
  rounding_.reset();
  if (rules_->config().log_format == LogFormat::kArrow) {
    rounding_.emplace(rules_->schema().types());
  }
  written_.resize(rules_->columns());
  old_.resize(rules_->columns());
  merged_.resize(rules_->columns());
  return {};
}

void KvWriter::Rest() {
  changelog_.reset();
  cached_merger_.reset();
  key_buffer_ = std::string();
  row_buffer_ = std::string();
}

Result<const RowMerger*> KvWriter::MergerFor(const PutOptions& options) {
  if (options.target_columns.empty() && options.merge_mode == MergeMode::kDefault) {
    if (!rules_->whole_row_merger().ok()) return Failure(rules_->whole_row_merger().error());
    return &*rules_->whole_row_merger();
  }
  if (!cached_merger_ || cached_merger_->mode != options.merge_mode ||
      !std::ranges::equal(cached_merger_->targets, options.target_columns)) {
    ASSIGN_OR_RETURN(RowMerger merger,
                     RowMerger::Make(rules_->config(), rules_->schema(), options));
    cached_merger_ =
        CachedMerger{.targets = {options.target_columns.begin(), options.target_columns.end()},
                     .mode = options.merge_mode,
                     .merger = std::move(merger)};
  }
  return &cached_merger_->merger;
}

Result<PutResult> KvWriter::Put(BytesView kv_batch, const PutOptions& options) {
  ASSIGN_OR_RETURN(const KvBatchView batch, KvBatchView::Parse(kv_batch));
  RETURN_IF_ERROR(UseRules());
  if (!rules_->has_schema(batch.schema_id())) {
    return Fail(ErrorCode::kSchemaNotExist,
                "the batch was written with an unknown schema: schema_id={} latest={}",
                batch.schema_id().value, rules_->schema_id().value);
  }
  if (batch.writer_id() >= 0) {
    ASSIGN_OR_RETURN(const auto known,
                     state_.log.CheckSequence(batch.writer_id(), batch.batch_sequence()));
    if (known) return PutResult{.end_offset = known->last_offset + 1, .duplicate = true};
  }
  ASSIGN_OR_RETURN(const RowMerger* merger, MergerFor(options));

  state_.index.MakeRoom();
  base_offset_ = state_.log.end_offset();
  row_count_ = state_.row_count;
  changed_bytes_ = 0;
  Changes changes(*changelog_, state_.index);
  RETURN_IF_ERROR(ApplyAll(batch, *merger));
  ASSIGN_OR_RETURN(std::string log_batch,
                   changelog_->Finish(
                       {.writer_id = batch.writer_id(), .batch_sequence = batch.batch_sequence()}));
  const auto log_bytes = static_cast<int64_t>(log_batch.size());
  ASSIGN_OR_RETURN(const Appended appended,
                   state_.log.Append(SharedBytes::Of(std::move(log_batch)),
                                     {.source = AppendOptions::Source::kTrusted}));
  if (appended.duplicate)
    return PutResult{.end_offset = appended.last_offset + 1, .duplicate = true};
  changes.Keep();
  state_.row_count = row_count_;
  state_.unwritten_log_bytes += log_bytes;
  state_.environment.metrics.put_batches.Add();
  state_.environment.metrics.put_rows.Add(batch.record_count());
  return PutResult{.end_offset = appended.last_offset + 1};
}

Status KvWriter::ApplyAll(const KvBatchView& batch, const RowMerger& merger) {
  std::array<Planned, kAhead> group;
  auto next = batch.begin();
  const auto end = batch.end();
  while (next != end) {
    size_t planned = 0;
    for (; planned < kAhead && next != end; ++planned, ++next) {
      group[planned] = {.record = *next, .hash = HotIndex::Hash(next->key)};
      state_.index.Prefetch(group[planned].hash);
    }
    for (size_t i = 0; i < planned; ++i) state_.index.PrefetchRow(group[i].hash);
    for (size_t i = 0; i < planned; ++i) {
      const KvRecord& record = group[i].record;
      RETURN_IF_ERROR(
          record.row ? Upsert(record.key, group[i].hash, batch.schema_id(), *record.row, merger)
                     : Delete(record.key, group[i].hash, merger));
    }
  }
  return {};
}

Status KvWriter::Upsert(BytesView key, uint64_t hash, SchemaId schema_id, BytesView row,
                        const RowMerger& merger) {
  RETURN_IF_ERROR(rules_->DecodeRow(schema_id, row, written_));
  RETURN_IF_ERROR(CheckKey(key, written_));
  if (rounding_) {
    ASSIGN_OR_RETURN(const bool rounded, rounding_->Round(written_));
    if (rounded) [[unlikely]] {
      RETURN_IF_ERROR(CheckRoundedKey(key, written_));
      RETURN_IF_ERROR(Encode(written_));
      row = row_buffer_;
      schema_id = rules_->schema_id();
    }
  }
  const bool full = rules_->full_changelog();
  if (!full && merger.ignores_old() && !rules_->auto_increment_column()) {
    // The old row decides nothing and is not logged: an insert and an update look the same.
    RETURN_IF_ERROR(changelog_->Append(ChangeType::kUpdateAfter, written_,
                                       schema_id == rules_->schema_id() ? row : BytesView()));
    return StoreRow(key, hash, schema_id, row);
  }
  ASSIGN_OR_RETURN(const HotRow* before, state_.Find(key, hash));
  Row old;
  if (before != nullptr && (full || merger.reads_old())) {
    RETURN_IF_ERROR(rules_->DecodeValue(before->value(), old_));
    old = old_;
  }
  const RowMerger::Outcome outcome =
      merger.Upsert(before == nullptr ? nullptr : &old, written_, merged_);
  if (outcome == RowMerger::Outcome::kKeepOld) return {};
  Row result = written_;
  if (outcome == RowMerger::Outcome::kMerged) {
    result = merged_;
    schema_id = rules_->schema_id();
    if (before != nullptr || !rules_->auto_increment_column()) {
      RETURN_IF_ERROR(Encode(result));
      row = row_buffer_;
    }
  }
  if (before == nullptr) return Insert(key, hash, schema_id, row, result);
  return Update(key, hash, old, schema_id, row, result);
}

// Recovery finds a row's key by encoding its key columns, so a row under a foreign key would move
// then.
Status KvWriter::CheckKey(BytesView key, Row row) {
  key_buffer_.clear();
  RETURN_IF_ERROR(rules_->key_encoder().Encode(row, key_buffer_));
  if (key_buffer_ == key) return {};
  return Fail(ErrorCode::kCorruptRecord,
              "the key is not that of the row: table={} key_bytes={} expected_bytes={}",
              rules_->table().path.ToString(), key.size(), key_buffer_.size());
}

// The log holds only the rounded row, and recovery would find it under another key. The client cannot
// be served by rounding its key, too: it looks up, and chooses the bucket, by the one it has.
Status KvWriter::CheckRoundedKey(BytesView key, Row row) {
  if (CheckKey(key, row).ok()) return {};
  return Fail(ErrorCode::kInvalidTargetColumn,
              "a column of the primary key has more digits, or fewer bytes, than its type keeps: "
              "table={}",
              rules_->table().path.ToString());
}

Status KvWriter::Insert(BytesView key, uint64_t hash, SchemaId schema_id, BytesView encoded,
                        Row row) {
  if (const auto column = rules_->auto_increment_column()) {
    ASSIGN_OR_RETURN(const int64_t id, state_.ids.Next());
    if (row.data() != merged_.data()) std::ranges::copy(row, merged_.begin());
    merged_[*column] = Value::Int(id);
    row = merged_;
    RETURN_IF_ERROR(Encode(row));
    encoded = row_buffer_;
    schema_id = rules_->schema_id();
  }
  RETURN_IF_ERROR(changelog_->Append(ChangeType::kInsert, row,
                                     schema_id == rules_->schema_id() ? encoded : BytesView()));
  RETURN_IF_ERROR(StoreRow(key, hash, schema_id, encoded));
  ++row_count_;
  return {};
}

Status KvWriter::Update(BytesView key, uint64_t hash, Row old, SchemaId schema_id,
                        BytesView encoded, Row row) {
  if (rules_->full_changelog()) RETURN_IF_ERROR(changelog_->Append(ChangeType::kUpdateBefore, old));
  RETURN_IF_ERROR(changelog_->Append(ChangeType::kUpdateAfter, row,
                                     schema_id == rules_->schema_id() ? encoded : BytesView()));
  return StoreRow(key, hash, schema_id, encoded);
}

Status KvWriter::Delete(BytesView key, uint64_t hash, const RowMerger& merger) {
  switch (merger.delete_behavior()) {
    case DeleteBehavior::kIgnore:
      return {};
    case DeleteBehavior::kDisable:
      return Fail(ErrorCode::kDeletionDisabled, "table.delete.behavior forbids deletes: table={}",
                  rules_->table().path.ToString());
    case DeleteBehavior::kAllow:
      break;
  }
  ASSIGN_OR_RETURN(const HotRow* before, state_.Find(key, hash));
  if (before == nullptr) return {};
  RETURN_IF_ERROR(rules_->DecodeValue(before->value(), old_));
  if (merger.Delete(old_, merged_) == RowMerger::Removal::kMerged) {
    RETURN_IF_ERROR(Encode(merged_));
    return Update(key, hash, old_, rules_->schema_id(), row_buffer_, merged_);
  }
  RETURN_IF_ERROR(changelog_->Append(ChangeType::kDelete, old_));
  state_.index.Delete(key, hash, LastOffset());
  --row_count_;
  return {};
}

Status KvWriter::Encode(Row row) {
  row_buffer_.clear();
  return rules_->row_encoder().Encode(row, row_buffer_);
}

Offset KvWriter::LastOffset() const { return base_offset_ + changelog_->row_count() - 1; }

Status KvWriter::StoreRow(BytesView key, uint64_t hash, SchemaId schema_id, BytesView encoded) {
  changed_bytes_ += encoded.size();
  if (changed_bytes_ > kChangedBytesMax) [[unlikely]] {
    return Fail(ErrorCode::kRecordTooLarge,
                "the rows that a batch changes are too large together: table={} bytes={}",
                rules_->table().path.ToString(), changed_bytes_);
  }
  char* value = state_.index.Put(key, hash, sizeof(int16_t) + encoded.size(), LastOffset());
  StoreLe<int16_t>(value, schema_id.value);
  std::memcpy(value + sizeof(int16_t), encoded.data(), encoded.size());
  return {};
}

}  // namespace weir
