#include "record/log_batch.h"

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"

namespace weir {

namespace {

constexpr size_t kHeaderBytes[] = {sizeof(LogBatchHeaderV0), sizeof(LogBatchHeaderV1),
                                   sizeof(LogBatchHeaderV2)};
constexpr size_t kCrcStartsAt[] = {offsetof(LogBatchHeaderV0, schema_id),
                                   offsetof(LogBatchHeaderV0, schema_id),
                                   offsetof(LogBatchHeaderV2, schema_id)};
constexpr size_t kMagicAt = offsetof(LogBatchHeaderV0, magic);

// The layouts are all bytes, so any address will do.
template <class Layout>
const Layout& At(const char* bytes) {
  static_assert(alignof(Layout) == 1);
  return *reinterpret_cast<const Layout*>(bytes);
}

template <class Layout>
void ReadShared(const Layout& from, LogBatchHeader& to) {
  to.base_offset = from.base_offset;
  to.total_bytes = static_cast<int64_t>(kLogBatchPrefixBytes) + from.length;
  to.magic = from.magic;
  to.commit_timestamp = from.commit_timestamp;
  to.crc = from.crc;
  to.schema_id = SchemaId(from.schema_id);
  to.attributes = from.attributes;
  to.last_offset_delta = from.last_offset_delta;
  to.writer_id = from.writer_id;
  to.batch_sequence = from.batch_sequence;
  to.record_count = from.record_count;
}

LogBatchHeader Read(const char* bytes, int8_t magic) {
  LogBatchHeader header;
  if (magic == 2) {
    const auto& layout = At<LogBatchHeaderV2>(bytes);
    ReadShared(layout, header);
    header.leader_epoch = layout.leader_epoch;
    header.statistics_bytes = layout.statistics_bytes;
  } else {
    ReadShared(At<LogBatchHeaderV0>(bytes), header);
    if (magic == 1) header.statistics_bytes = At<LogBatchHeaderV1>(bytes).statistics_bytes;
  }
  return header;
}

// Every reader allocates and steps by these numbers, so nonsense stops here and nowhere else.
Status CheckFields(const LogBatchHeader& h) {
  const int64_t head_bytes = static_cast<int64_t>(h.header_bytes()) + h.statistics_bytes;
  if (h.statistics_bytes < 0 || h.total_bytes < head_bytes) {
    return Fail(ErrorCode::kCorruptMessage,
                "log batch is shorter than its header: bytes={} statistics={}", h.total_bytes,
                h.statistics_bytes);
  }
  if (h.record_count < 0 || h.last_offset_delta < 0 ||
      h.base_offset > INT64_MAX - h.last_offset_delta - 1) {
    return Fail(ErrorCode::kCorruptMessage,
                "log batch has impossible counts: records={} last_offset_delta={}", h.record_count,
                h.last_offset_delta);
  }
  // Change types take a byte per record and row records take more; only ARROW appends may be
  // denser.
  if (!h.append_only() && h.total_bytes - head_bytes < h.record_count) {
    return Fail(ErrorCode::kCorruptMessage,
                "log batch is too short for its records: bytes={} records={}", h.total_bytes,
                h.record_count);
  }
  return {};
}

template <class Layout>
void WriteShared(const LogBatchHeader& from, size_t batch_bytes, Layout& to) {
  to.base_offset = from.base_offset;
  to.length = static_cast<int32_t>(batch_bytes - kLogBatchPrefixBytes);
  to.magic = from.magic;
  to.commit_timestamp = from.commit_timestamp;
  to.schema_id = from.schema_id.value;
  to.attributes = from.attributes;
  to.last_offset_delta = from.last_offset_delta;
  to.writer_id = from.writer_id;
  to.batch_sequence = from.batch_sequence;
  to.record_count = from.record_count;
}

}  // namespace

size_t LogBatchHeader::header_bytes() const { return kHeaderBytes[magic]; }
size_t LogBatchHeader::crc_starts_at() const { return kCrcStartsAt[magic]; }

Result<LogBatchHeader> LogBatchHeader::Parse(BytesView front) {
  if (front.size() < sizeof(LogBatchHeaderV0)) {
    return Fail(ErrorCode::kCorruptMessage, "log batch header is cut short: bytes={}",
                front.size());
  }
  const auto magic = static_cast<int8_t>(front[kMagicAt]);
  if (magic < 0 || magic > kLogBatchMagicMax) {
    return Fail(ErrorCode::kCorruptMessage, "log batch has an unknown magic: magic={}", magic);
  }
  if (front.size() < kHeaderBytes[magic]) {
    return Fail(ErrorCode::kCorruptMessage, "log batch header is cut short: bytes={} magic={}",
                front.size(), magic);
  }
  const LogBatchHeader header = Read(front.data(), magic);
  RETURN_IF_ERROR(CheckFields(header));
  return header;
}

Result<LogBatchView> LogBatchView::Parse(BytesView bytes) {
  ASSIGN_OR_RETURN(const LogBatchHeader header, LogBatchHeader::Parse(bytes));
  if (bytes.size() < static_cast<size_t>(header.total_bytes)) {
    return Fail(ErrorCode::kCorruptMessage, "log batch is cut short: bytes={} of={}", bytes.size(),
                header.total_bytes);
  }
  return LogBatchView(header, bytes.substr(0, static_cast<size_t>(header.total_bytes)));
}

Status LogBatchView::CheckCrc() const {
  const uint32_t actual = Crc32c(bytes_.substr(header_.crc_starts_at()));
  if (actual != header_.crc) {
    return Fail(ErrorCode::kCorruptMessage,
                "log batch is corrupt: base_offset={} crc={:08x} computed={:08x}",
                header_.base_offset, header_.crc, actual);
  }
  return {};
}

Status CheckAppend(const LogBatchView& batch) {
  const LogBatchHeader& header = batch.header();
  if (header.last_offset_delta != std::max(header.record_count - 1, 0)) {
    return Fail(ErrorCode::kCorruptMessage,
                "log batch counts disagree: records={} last_offset_delta={}", header.record_count,
                header.last_offset_delta);
  }
  return batch.CheckCrc();
}

void StampLogBatch(char* batch, const LogBatchStamp& stamp) {
  auto& front = *reinterpret_cast<LogBatchHeaderV2*>(batch);
  front.base_offset = stamp.base_offset;
  front.commit_timestamp = stamp.commit_timestamp;
  if (front.magic == 2) front.leader_epoch = stamp.leader_epoch;
}

void WriteLogBatchHeader(char* batch, size_t batch_bytes, const LogBatchHeader& header) {
  WEIR_CHECK(header.magic >= 0 && header.magic <= kLogBatchMagicMax);
  WEIR_CHECK(batch_bytes >= header.header_bytes() && batch_bytes <= INT32_MAX);
  const auto crc = [&] {
    return Crc32c({batch + header.crc_starts_at(), batch_bytes - header.crc_starts_at()});
  };
  if (header.magic == 2) {
    auto& layout = *reinterpret_cast<LogBatchHeaderV2*>(batch);
    WriteShared(header, batch_bytes, layout);
    layout.leader_epoch = header.leader_epoch;
    layout.statistics_bytes = header.statistics_bytes;
    layout.crc = crc();
    return;
  }
  auto& layout = *reinterpret_cast<LogBatchHeaderV1*>(batch);
  WriteShared(header, batch_bytes, layout.v0);
  if (header.magic == 1) layout.statistics_bytes = header.statistics_bytes;
  layout.v0.crc = crc();
}

std::string EmptyLogBatch(SchemaId schema_id, int64_t writer_id, int32_t batch_sequence) {
  std::string batch(sizeof(LogBatchHeaderV0), '\0');
  WriteLogBatchHeader(
      batch.data(), batch.size(),
      {.schema_id = schema_id, .writer_id = writer_id, .batch_sequence = batch_sequence});
  return batch;
}

Result<std::optional<LogBatchView>> LogBatches::Next() {
  constexpr int64_t kPrefix = kLogBatchPrefixBytes;
  if (rest_.size() < kLogBatchPrefixBytes) return std::nullopt;
  const int64_t total_bytes = kPrefix + LoadLe<int32_t>(rest_.data() + 8);
  if (total_bytes < static_cast<int64_t>(sizeof(LogBatchHeaderV0))) {
    return Fail(ErrorCode::kCorruptMessage, "log batch is shorter than its header: bytes={}",
                total_bytes);
  }
  if (rest_.size() < static_cast<size_t>(total_bytes)) return std::nullopt;
  ASSIGN_OR_RETURN(const LogBatchView batch, LogBatchView::Parse(rest_));
  rest_.remove_prefix(batch.bytes().size());
  return batch;
}

}  // namespace weir
