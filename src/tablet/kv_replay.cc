#include "tablet/kv_replay.h"

#include <map>
#include <memory>
#include <vector>

#include "base/endian.h"
#include "record/arrow_batch_reader.h"
#include "record/row_log_batch.h"
#include "storage/kv/hot_memory.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

constexpr int64_t kReadBytes = 4 * MiB;
// Changed rows worth a write-back during replay.
constexpr int64_t kWriteBackBytesMin = 8 * MiB;

/// Decodes log batches of any schema and log format of one table.
class ChangeReader {
 public:
  using Visit = std::function<Status(ChangeType, Offset, Row)>;

  explicit ChangeReader(const KvRules& rules) : rules_(rules), row_(rules.columns()) {}

  Status Read(const LogBatchView& batch, Offset from, const Visit& visit) {
    if (batch.empty()) return {};
    const SchemaId id = batch.header().schema_id;
    const auto schema = rules_.table().FindSchema(id);
    if (schema == nullptr) {
      return Fail(ErrorCode::kSchemaNotExist,
                  "a log batch has an unknown schema: schema_id={} offset={}", id.value,
                  batch.header().base_offset);
    }
    return rules_.config().log_format == LogFormat::kArrow ? ReadArrow(batch, *schema, from, visit)
                                                           : ReadRows(batch, *schema, from, visit);
  }

 private:
  Status ReadArrow(const LogBatchView& batch, const Schema& schema, Offset from,
                   const Visit& visit) {
    auto& reader = arrow_[batch.header().schema_id];
    if (reader == nullptr) {
      ASSIGN_OR_RETURN(reader, ArrowBatchReader::Create(schema));
    }
    RETURN_IF_ERROR(reader->Open(batch));
    for (int32_t i = 0; i < reader->row_count(); ++i) {
      const Offset offset = batch.header().base_offset + i;
      if (offset < from) continue;
      ASSIGN_OR_RETURN(const auto row, reader->Row(i));
      std::copy(row.begin(), row.end(), row_.begin());
      RETURN_IF_ERROR(Visited(reader->change(i), offset, row.size(), visit));
    }
    return {};
  }

  Status ReadRows(const LogBatchView& batch, const Schema& schema, Offset from,
                  const Visit& visit) {
    auto& decoder = decoders_[batch.header().schema_id];
    if (decoder == nullptr) {
      const auto format = rules_.config().log_format == LogFormat::kCompacted
                              ? RowFormat::kCompacted
                              : RowFormat::kIndexed;
      decoder = std::make_unique<RowDecoder>(format, schema.types());
    }
    RowLogRecords records(batch);
    for (Offset offset = batch.header().base_offset;; ++offset) {
      ASSIGN_OR_RETURN(const auto record, records.Next());
      if (!record) return {};
      if (offset < from) continue;
      RETURN_IF_ERROR(decoder->Decode(record->row, std::span(row_).first(decoder->size())));
      RETURN_IF_ERROR(Visited(record->change, offset, decoder->size(), visit));
    }
  }

  Status Visited(ChangeType change, Offset offset, size_t columns, const Visit& visit) {
    std::fill(row_.begin() + static_cast<ptrdiff_t>(columns), row_.end(), Value::Null());
    return visit(change, offset, row_);
  }

  const KvRules& rules_;
  std::vector<Value> row_;
  std::map<SchemaId, std::unique_ptr<ArrowBatchReader>> arrow_;
  std::map<SchemaId, std::unique_ptr<RowDecoder>> decoders_;
};

/// Applies decoded changes to the index.
class ChangeApplier {
 public:
  explicit ChangeApplier(KvState& state) : state_(state), rules_(*state.rules) {}

  Status Apply(ChangeType change, Offset offset, Row row) {
    if (change == ChangeType::kUpdateBefore) return {};
    key_.clear();
    RETURN_IF_ERROR(rules_.key_encoder().Encode(row, key_));
    const uint64_t hash = HotIndex::Hash(key_);
    if (change == ChangeType::kDelete) {
      state_.index.Delete(key_, hash, offset);
      --state_.row_count;
      return {};
    }
    row_.clear();
    RETURN_IF_ERROR(rules_.row_encoder().Encode(row, row_));
    char* value = state_.index.Put(key_, hash, sizeof(int16_t) + row_.size(), offset);
    StoreLe<int16_t>(value, rules_.schema_id().value);
    std::memcpy(value + sizeof(int16_t), row_.data(), row_.size());
    if (change == ChangeType::kInsert) {
      ++state_.row_count;
      const auto column = rules_.auto_increment_column();
      if (column && !row[*column].is_null()) state_.ids.Skip(row[*column].integer());
    }
    return {};
  }

 private:
  KvState& state_;
  const KvRules& rules_;
  std::string key_;
  std::string row_;
};

}  // namespace

Status ReadChanges(LogTablet& log, const KvRules& rules, Offset from,
                   const std::function<Status(ChangeType, Offset, Row)>& visit,
                   const std::function<Status(Offset, int64_t)>& batch_end) {
  ChangeReader reader(rules);
  for (Offset at = from; at < log.end_offset();) {
    ASSIGN_OR_RETURN(const LogSlice slice, log.Read(at, kReadBytes, ReadUpTo::kEndOffset));
    ASSIGN_OR_RETURN(const SharedBytes bytes, slice.Load());
    LogBatches batches(bytes.view());
    const Offset before = at;
    while (true) {
      ASSIGN_OR_RETURN(const auto batch, batches.Next());
      if (!batch) break;
      RETURN_IF_ERROR(batch->CheckCrc());
      RETURN_IF_ERROR(reader.Read(*batch, from, visit));
      at = batch->header().next_offset();
      RETURN_IF_ERROR(batch_end(at, static_cast<int64_t>(batch->bytes().size())));
    }
    if (at == before) {
      return Fail(ErrorCode::kLogStorage, "the log has no batch where it should: offset={} end={}",
                  at, log.end_offset());
    }
  }
  return {};
}

Status Replay(KvState& state, const std::function<Status(Offset next)>& make_room) {
  ChangeApplier applier(state);
  return ReadChanges(
      state.log, *state.rules, state.flushed_offset,
      [&](ChangeType change, Offset offset, Row row) { return applier.Apply(change, offset, row); },
      [&](Offset next, int64_t bytes) -> Status {
        state.index.Commit();
        state.unwritten_log_bytes += bytes;
        if (state.environment.hot_memory->excess() > 0 &&
            state.index.changed_bytes() >= kWriteBackBytesMin) {
          RETURN_IF_ERROR(make_room(next));
          state.index.MakeRoom();
        }
        return {};
      });
}

}  // namespace weir
