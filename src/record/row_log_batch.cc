#include "record/row_log_batch.h"

namespace weir {

namespace {

constexpr size_t kRecordHeadBytes = 5;      // length and change type
constexpr size_t kKeptBytesMax = 64 * MiB;  // of a builder for the next batch; more is given back

}  // namespace

Result<std::optional<RowLogRecord>> RowLogRecords::Next() {
  if (left_ == 0) {
    if (rest_.empty()) return std::nullopt;
    return Fail(ErrorCode::kCorruptMessage, "bytes follow the last record: bytes={}", rest_.size());
  }
  if (rest_.size() < kRecordHeadBytes) {
    return Fail(ErrorCode::kCorruptMessage, "log record is cut short: bytes={} records_left={}",
                rest_.size(), left_);
  }
  const auto length = LoadLe<int32_t>(rest_.data());
  const auto change = static_cast<uint8_t>(rest_[4]);
  if (length < 1 || static_cast<size_t>(length) > rest_.size() - 4 || change > kChangeTypeLast) {
    return Fail(ErrorCode::kCorruptMessage, "log record is corrupt: length={} change={} left={}",
                length, change, rest_.size());
  }
  const auto row_bytes = static_cast<size_t>(length) - 1;
  const RowLogRecord record{static_cast<ChangeType>(change),
                            rest_.substr(kRecordHeadBytes, row_bytes)};
  rest_.remove_prefix(kRecordHeadBytes + row_bytes);
  --left_;
  return record;
}

Status CheckRowAppend(const LogBatchView& batch) {
  RowLogRecords records(batch);
  while (true) {
    ASSIGN_OR_RETURN(const auto record, records.Next());
    if (!record) return {};
  }
}

Status RowLogBatchWriter::Append(BytesView row, ChangeType change) {
  if (batch_.size() + kRecordHeadBytes + row.size() > kRowBatchBytesMax) {
    return Fail(ErrorCode::kRecordTooLarge, "log batch would be too large: rows={} bytes={}",
                row_count_, batch_.size());
  }
  AppendLe(batch_, static_cast<int32_t>(row.size() + 1));
  batch_.push_back(static_cast<char>(change));
  batch_.append(row);
  ++row_count_;
  append_only_ = append_only_ && change == ChangeType::kAppendOnly;
  return {};
}

void RowLogBatchWriter::Finish(BatchWriter writer, std::string& out) {
  const bool empty = row_count_ == 0;
  WriteLogBatchHeader(batch_.data(), batch_.size(),
                      {.schema_id = schema_id_,
                       .attributes = append_only_ && !empty ? kAppendOnlyAttribute : uint8_t{0},
                       .last_offset_delta = empty ? 0 : row_count_ - 1,
                       .writer_id = writer.writer_id,
                       .batch_sequence = writer.batch_sequence,
                       .record_count = row_count_});
  out.append(batch_);
  Clear();
}

void RowLogBatchWriter::Clear() {
  if (batch_.capacity() > kKeptBytesMax) std::string().swap(batch_);
  batch_.assign(sizeof(LogBatchHeaderV0), '\0');
  row_count_ = 0;
  append_only_ = true;
}

}  // namespace weir
