#include "handlers/fetch_plan.h"

#include <algorithm>
#include <unordered_map>

#include "record/arrow_projection.h"
#include "record/log_batch.h"

namespace weir {
namespace {

// Ranges below this are copied: a sendfile call costs more than moving so few bytes.
constexpr int64_t kCopyBelowBytes = 16 * KiB;
// Batches below this are read whole to project them, many with one call; of larger ones only the
// front is read.
constexpr int64_t kReadWholeBelowBytes = 64 * KiB;
constexpr size_t kFrontBytes = 4 * KiB;
constexpr size_t kWindowBytes = 256 * KiB;

FileRange RangeOf(const LogSlice& slice, int64_t offset, int64_t bytes) {
  return {.owner = slice.file, .fd = slice.file->fd(), .offset = offset, .length = bytes};
}

/// Add bytes of the slice's file, copied when they are few.
Status AddFromFile(const LogSlice& slice, int64_t offset, int64_t bytes, Pieces& out) {
  if (bytes >= kCopyBelowBytes && slice.file->fd() >= 0) {
    out.Add(RangeOf(slice, offset, bytes));
    return {};
  }
  std::string& tail = out.Tail();
  const size_t before = tail.size();
  tail.resize(before + static_cast<size_t>(bytes));
  ASSIGN_OR_RETURN(const size_t got,
                   slice.file->ReadAt(offset, tail.data() + before, static_cast<size_t>(bytes)));
  if (static_cast<int64_t>(got) != bytes) {
    return Fail(ErrorCode::kLogStorage,
                "a segment is shorter than its index says: offset={} bytes={}", offset, bytes);
  }
  return {};
}

/// A window over a slice's file that moves forward.
class SliceReader {
 public:
  explicit SliceReader(const LogSlice& slice) : slice_(slice) {}

  /// At least `wanted` bytes at `offset`, or all that the slice has from there.
  Result<BytesView> At(int64_t offset, size_t wanted) {
    const int64_t slice_end = slice_.position + slice_.bytes;
    const auto available = static_cast<size_t>(slice_end - offset);
    wanted = std::min(wanted, available);
    if (offset < start_ ||
        offset + static_cast<int64_t>(wanted) > start_ + static_cast<int64_t>(window_.size())) {
      const size_t bytes = std::min(std::max(wanted, next_bytes_), available);
      window_.resize(bytes);
      ASSIGN_OR_RETURN(const size_t got, slice_.file->ReadAt(offset, window_.data(), bytes));
      if (got < wanted)
        return Fail(ErrorCode::kLogStorage, "a segment ends inside a batch: offset={}", offset);
      window_.resize(got);
      start_ = offset;
    }
    return BytesView(window_).substr(static_cast<size_t>(offset - start_));
  }
  /// Small batches: read ahead. Large ones: only what is asked for.
  void ReadAhead(bool ahead) { next_bytes_ = ahead ? kWindowBytes : kFrontBytes; }

 private:
  const LogSlice& slice_;
  std::string window_;
  int64_t start_ = 0;
  size_t next_bytes_ = kFrontBytes;
};

/// Projections are prepared once per (table, schemas, columns) and kept by each shard.
class ProjectionCache {
 public:
  Result<std::shared_ptr<const ArrowProjection>> Find(const TableInfo& table, SchemaId stored,
                                                      const std::vector<int32_t>& columns) {
    std::string key = fmt::format("{}/{}/{}", table.id.value, stored.value, table.schema_id.value);
    for (const int32_t column : columns) key += fmt::format(",{}", column);
    if (const auto found = prepared_.find(key); found != prepared_.end()) return found->second;
    const auto schema = table.FindSchema(stored);
    if (schema == nullptr) {
      return Fail(ErrorCode::kCorruptMessage,
                  "a batch has a schema the table does not: schema_id={}", stored.value);
    }
    ASSIGN_OR_RETURN(ArrowProjection made,
                     ArrowProjection::Create(*schema, table.schema(), columns));
    if (prepared_.size() >= kEntriesMax) prepared_.clear();
    return prepared_[key] = std::make_shared<const ArrowProjection>(std::move(made));
  }

 private:
  static constexpr size_t kEntriesMax = 256;
  std::unordered_map<std::string, std::shared_ptr<const ArrowProjection>> prepared_;
};

/// Project the batch at `offset` into `out`, reading as much of its front as that takes.
Status ProjectOne(SliceReader& reader, int64_t offset, const LogBatchHeader& header,
                  const ArrowProjection& projection, ProjectedBatches& out) {
  size_t wanted = header.total_bytes < kReadWholeBelowBytes
                      ? static_cast<size_t>(header.total_bytes)
                      : kFrontBytes;
  while (true) {
    ASSIGN_OR_RETURN(BytesView front, reader.At(offset, wanted));
    front = front.substr(0, static_cast<size_t>(header.total_bytes));
    ASSIGN_OR_RETURN(const size_t needed, projection.Project(front, offset, out));
    if (needed == 0) return {};
    if (needed <= front.size())
      return Fail(ErrorCode::kCorruptMessage, "a batch cannot be projected: offset={}", offset);
    wanted = needed;
  }
}

/// One batch after the other: pieces of each go to the reply while its bytes are in the window.
Status Project(const Tablet& tablet, const LogSlice& slice, const std::vector<int32_t>& columns,
               Pieces& out) {
  thread_local ProjectionCache cache;
  SliceReader reader(slice);
  ProjectedBatches batch;
  const int64_t end = slice.position + slice.bytes;
  for (int64_t at = slice.position; at < end;) {
    ASSIGN_OR_RETURN(const BytesView front, reader.At(at, kLogBatchHeaderBytesMax));
    ASSIGN_OR_RETURN(const LogBatchHeader header, LogBatchHeader::Parse(front));
    const bool small = header.total_bytes < kReadWholeBelowBytes;
    reader.ReadAhead(small);
    ASSIGN_OR_RETURN(const auto projection, cache.Find(*tablet.table, header.schema_id, columns));
    batch.Clear();
    RETURN_IF_ERROR(ProjectOne(reader, at, header, *projection, batch));
    for (const ProjectedBatches::Piece& piece : batch.pieces) {
      if (piece.owned) {
        out.Tail().append(batch.head, static_cast<size_t>(piece.offset),
                          static_cast<size_t>(piece.bytes));
      } else if (small) {
        ASSIGN_OR_RETURN(const BytesView whole,
                         reader.At(at, static_cast<size_t>(header.total_bytes)));
        out.Tail().append(whole, static_cast<size_t>(piece.offset - at),
                          static_cast<size_t>(piece.bytes));
      } else {
        RETURN_IF_ERROR(AddFromFile(slice, piece.offset, piece.bytes, out));
      }
    }
    at += header.total_bytes;
  }
  return {};
}

Status CheckProjection(const TableInfo& table, const std::vector<int32_t>& columns) {
  if (table.config.log_format != LogFormat::kArrow) {
    return Fail(ErrorCode::kInvalidColumnProjection,
                "only tables in ARROW format can be projected: table={}", table.path.ToString());
  }
  const auto count = static_cast<int32_t>(table.schema().columns().size());
  const bool ascending =
      std::ranges::adjacent_find(columns, std::ranges::greater_equal()) == columns.end();
  if (columns.empty() || !ascending || columns.front() < 0 || columns.back() >= count) {
    return Fail(ErrorCode::kInvalidColumnProjection,
                "a projection is ascending column positions of the table: table={} columns={}",
                table.path.ToString(), count);
  }
  return {};
}

}  // namespace

Result<Fetched> LookAtBucketLog(const Tablet& tablet, const FetchSpec& spec) {
  const Offset from = spec.from == kFromEarliest ? tablet.log->start_offset() : spec.from;
  return Fetched{.high_watermark = tablet.log->high_watermark(), .next = from};
}

Result<Fetched> FetchBucketLog(const Tablet& tablet, const FetchSpec& spec) {
  LogTablet& log = *tablet.log;
  if (spec.projection != nullptr) RETURN_IF_ERROR(CheckProjection(*tablet.table, *spec.projection));
  const Offset from = spec.from == kFromEarliest ? log.start_offset() : spec.from;
  Fetched fetched{.high_watermark = log.high_watermark(), .next = from};
  if (from >= log.start_offset() && from <= log.end_offset() && from >= log.high_watermark())
    return fetched;

  ASSIGN_OR_RETURN(const LogSlice slice, log.Read(from, std::max<int64_t>(spec.bytes_max, 0)));
  if (slice.empty()) return fetched;
  fetched.next = slice.end_offset;
  if (spec.projection != nullptr) {
    RETURN_IF_ERROR(Project(tablet, slice, *spec.projection, fetched.records));
  } else {
    RETURN_IF_ERROR(AddFromFile(slice, slice.position, slice.bytes, fetched.records));
  }
  fetched.bytes = fetched.records.size();
  return fetched;
}

}  // namespace weir
