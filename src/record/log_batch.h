// The log record batch: the unit that writers send, segments store and readers get. A log segment,
// and the `records` field of PRODUCE_LOG and FETCH_LOG, is batches end to end, nothing between
// them. Format: docs/formats/log_batch.md. Little-endian. Views only: nothing here owns or copies
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

struct LogBatchHeaderV0 {
  Le<int64_t> base_offset;        //  0  assigned by the leader at append
  Le<int32_t> length;             //  8  bytes after this field
  int8_t magic;                   // 12  0
  Le<int64_t> commit_timestamp;   // 13  ms since epoch, assigned by the leader
  Le<uint32_t> crc;               // 21  CRC-32C of everything that follows
  Le<int16_t> schema_id;          // 25
  uint8_t attributes;             // 27  bit 0: append-only; others zero
  Le<int32_t> last_offset_delta;  // 28  last offset - base_offset
  Le<int64_t> writer_id;          // 32  -1: not idempotent
  Le<int32_t> batch_sequence;     // 40  -1: not idempotent
  Le<int32_t> record_count;       // 44  0: the batch only takes one offset
};  // 48  records follow
static_assert(sizeof(LogBatchHeaderV0) == 48);
static_assert(offsetof(LogBatchHeaderV0, schema_id) == 25, "the CRC starts here");

struct LogBatchHeaderV1 {
  LogBatchHeaderV0 v0;           //  0  magic 1
  Le<int32_t> statistics_bytes;  // 48  0: none
};  // 52  statistics, then records
static_assert(sizeof(LogBatchHeaderV1) == 52);

struct LogBatchHeaderV2 {
  Le<int64_t> base_offset;        //  0
  Le<int32_t> length;             //  8
  int8_t magic;                   // 12  2
  Le<int64_t> commit_timestamp;   // 13
  Le<int32_t> leader_epoch;       // 21  assigned by the leader; -1 from writers
  Le<uint32_t> crc;               // 25
  Le<int16_t> schema_id;          // 29
  uint8_t attributes;             // 31
  Le<int32_t> last_offset_delta;  // 32
  Le<int64_t> writer_id;          // 36
  Le<int32_t> batch_sequence;     // 44
  Le<int32_t> record_count;       // 48
  Le<int32_t> statistics_bytes;   // 52
};  // 56  statistics, then records
static_assert(sizeof(LogBatchHeaderV2) == 56);
static_assert(offsetof(LogBatchHeaderV2, schema_id) == 29, "the CRC starts here");

inline constexpr size_t kLogBatchPrefixBytes =
    12;  // base_offset and length: enough to step over a batch
inline constexpr size_t kLogBatchHeaderBytesMax = 56;  // enough to parse a header of any magic
inline constexpr int8_t kLogBatchMagicMax = 2;
inline constexpr uint8_t kAppendOnlyAttribute = 1;

/// Any version's header, decoded. Fields a version lacks have their neutral value.
struct LogBatchHeader {
  Offset base_offset = 0;
  int64_t total_bytes =
      0;  // of the whole batch, header included; at least header_bytes + statistics_bytes
  int8_t magic = 0;
  int64_t commit_timestamp = 0;
  int32_t leader_epoch = -1;
  uint32_t crc = 0;
  SchemaId schema_id;
  uint8_t attributes = 0;
  int32_t last_offset_delta = 0;
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
  int32_t record_count = 0;
  int32_t statistics_bytes = 0;

  bool append_only() const { return (attributes & kAppendOnlyAttribute) != 0; }
  bool idempotent() const { return writer_id >= 0; }
  Offset last_offset() const { return base_offset + last_offset_delta; }
  Offset next_offset() const { return last_offset() + 1; }
  size_t header_bytes() const;
  size_t crc_starts_at() const;

  /// Decode the header at the front of `front`; the batch itself need not be there.
  ///
  /// front   at least min(total_bytes, kLogBatchHeaderBytesMax) bytes; more is ignored
  /// Errors  kCorruptMessage  too short, unknown magic, or fields no writer makes: negative counts,
  /// a length
  ///                          smaller than the header, records without a place for them
  static Result<LogBatchHeader> Parse(BytesView front);
};

/// One whole batch in memory: its header, decoded, over its bytes.
class LogBatchView {
 public:
  /// View the batch at the front of `bytes`, which may go on behind it.
  /// Errors  kCorruptMessage  as LogBatchHeader::Parse, or `bytes` ends before the batch does
  static Result<LogBatchView> Parse(BytesView bytes);

  const LogBatchHeader& header() const { return header_; }
  BytesView bytes() const { return bytes_; }
  int32_t record_count() const { return header_.record_count; }
  bool empty() const { return header_.record_count == 0; }

  /// Errors  kCorruptMessage  the stored CRC is not that of the bytes. Projected batches never
  /// match.
  Status CheckCrc() const;

  BytesView statistics() const {
    return bytes_.substr(header_.header_bytes(), Size(header_.statistics_bytes));
  }

  /// Everything behind the statistics. INDEXED and COMPACTED: the records. ARROW: change types and
  /// payload.
  BytesView records() const {
    return bytes_.substr(header_.header_bytes() + Size(header_.statistics_bytes));
  }

  /// ARROW only: one ChangeType per record, empty when the batch is append-only. Fits, by Parse.
  BytesView arrow_change_types() const { return records().substr(0, ChangeTypeBytes()); }

  /// ARROW only: the encapsulated IPC message; empty in an empty batch.
  BytesView arrow_message() const { return records().substr(ChangeTypeBytes()); }

 private:
  LogBatchView(const LogBatchHeader& header, BytesView bytes) : header_(header), bytes_(bytes) {}
  static size_t Size(int32_t n) { return static_cast<size_t>(n); }
  size_t ChangeTypeBytes() const { return header_.append_only() ? 0 : Size(header_.record_count); }

  LogBatchHeader header_;
  BytesView bytes_;
};

/// What every batch from a writer must satisfy whatever its log format: the CRC matches, and it
/// takes exactly one offset per record (one when it is empty). Errors  kCorruptMessage
Status CheckAppend(const LogBatchView& batch);

/// What the leader writes into a batch it appends; all of it is outside the CRC.
struct LogBatchStamp {
  Offset base_offset = 0;
  int64_t commit_timestamp = 0;
  int32_t leader_epoch = -1;  // kept by magic 2 only
};

/// Stamp a batch in place. `batch` starts at a batch that LogBatchHeader::Parse accepts.
void StampLogBatch(char* batch, const LogBatchStamp& stamp);

/// Write a header for `header.magic` with its CRC into the front of `batch`, whose statistics and
/// records are already in place. `batch_bytes` becomes the length; header.total_bytes and
/// header.crc are ignored.
void WriteLogBatchHeader(char* batch, size_t batch_bytes, const LogBatchHeader& header);

/// A batch without records: it takes one offset and tells readers to step over it. Magic 0.
std::string EmptyLogBatch(SchemaId schema_id, int64_t writer_id, int32_t batch_sequence);

/// Walks the batches in a byte range.
///   LogBatches batches(bytes);
///   while (true) {
///     ASSIGN_OR_RETURN(const auto batch, batches.Next());
///     if (!batch) break;
///     ...
///   }
///   if (!batches.rest().empty()) { /* the range ends inside a batch */ }
class LogBatches {
 public:
  explicit LogBatches(BytesView range) : rest_(range) {}

  /// The next whole batch; nothing when the range is used up or ends inside a batch. A range cut
  /// short is not an error: readers get ranges cut by byte limits, and recovery cuts the tail a
  /// crash left. Errors  kCorruptMessage  as LogBatchHeader::Parse. The walk stays where it is.
  Result<std::optional<LogBatchView>> Next();

  /// The bytes not walked yet; after Next returned nothing, the truncated tail.
  BytesView rest() const { return rest_; }

 private:
  BytesView rest_;
};

}  // namespace weir
