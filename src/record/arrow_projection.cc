#include "record/arrow_projection.h"

#include <algorithm>
#include <cstring>

#include "record/arrow_batch_check.h"
#include "record/arrow_buffer_codec.h"
#include "record/schema.h"

namespace weir {

namespace {

Failure Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruptMessage, "cannot project arrow batch: {}", what);
}

Status CheckPositions(std::span<const int32_t> positions, size_t columns) {
  if (positions.empty())
    return Fail(ErrorCode::kInvalidColumnProjection, "no columns are selected");
  int32_t previous = -1;
  for (const int32_t position : positions) {
    if (position <= previous || static_cast<size_t>(position) >= columns) {
      return Fail(ErrorCode::kInvalidColumnProjection,
                  "columns must be ascending and exist: position={} previous={} columns={}",
                  position, previous, columns);
    }
    previous = position;
  }
  return {};
}

// Where buffer `i` ends, padding included: where the next one starts.
int64_t PaddedEnd(const ArrowMessageView& message, size_t i) {
  return i + 1 < message.buffer_count() ? int64_t{message.buffers()[i + 1].offset}
                                        : message.body_bytes();
}

// Statistics are not passed on: they describe columns by their old positions.
void PatchHeader(char* header, int8_t magic, size_t total_bytes) {
  const auto length = static_cast<int32_t>(total_bytes - kLogBatchPrefixBytes);
  reinterpret_cast<LogBatchHeaderV0*>(header)->length = length;
  if (magic == 1) reinterpret_cast<LogBatchHeaderV1*>(header)->statistics_bytes = 0;
  if (magic == 2) reinterpret_cast<LogBatchHeaderV2*>(header)->statistics_bytes = 0;
}

}  // namespace

void ProjectedBatches::Clear() {
  head.clear();
  pieces.clear();
  bytes = 0;
}

void ProjectedBatches::Add(bool owned, int64_t offset, int64_t count) {
  if (count == 0) return;
  bytes += count;
  if (!pieces.empty()) {
    Piece& last = pieces.back();
    if (last.owned == owned && last.offset + last.bytes == offset) {
      last.bytes += count;
      return;
    }
  }
  pieces.push_back({owned, offset, count});
}

std::string ProjectedBatches::Join(BytesView source) const {
  std::string joined;
  joined.reserve(static_cast<size_t>(bytes));
  for (const Piece& piece : pieces) {
    const BytesView from = piece.owned ? BytesView(head) : source;
    joined.append(from.substr(static_cast<size_t>(piece.offset), static_cast<size_t>(piece.bytes)));
  }
  return joined;
}

// All-null columns for one batch, in their stored form.
struct ArrowProjection::Missing {
  std::vector<ArrowFieldNode> nodes;
  std::vector<ArrowBuffer> buffers;  // offsets count from the start of `body`
  std::string body;
};

namespace {

// Zeros in the message's compression.
Status AppendZeros(LogCompressionType compression, int64_t bytes, std::vector<ArrowBuffer>& buffers,
                   std::string& body) {
  const std::string zeros(static_cast<size_t>(bytes), '\0');
  const size_t at = body.size();
  RETURN_IF_ERROR(CompressBuffer({.type = compression, .level = 1}, zeros, body));
  buffers.push_back({static_cast<int64_t>(at), static_cast<int64_t>(body.size() - at)});
  body.append((0 - body.size()) % 8, '\0');
  return {};
}

// Bytes of a node's buffer `i` when all of `length` values are null.
int64_t NullBytes(const ArrowNode& node, uint32_t i, int64_t length) {
  if (i == 0 || node.shape == ArrowShape::kBits) return (length + 7) / 8;
  if (i == 2) return 0;
  if (node.shape == ArrowShape::kFixed) return length * node.width;
  return length == 0 ? 0 : (length + 1) * 4;
}

}  // namespace

Result<ArrowProjection> ArrowProjection::Create(const Schema& stored, const Schema& latest,
                                                std::span<const int32_t> positions) {
  RETURN_IF_ERROR(CheckPositions(positions, latest.size()));
  const ArrowLayout layout(stored);
  ArrowProjection projection;
  projection.source_nodes_ = layout.node_count();
  projection.source_buffers_ = layout.buffer_count();
  const auto keep = [](std::vector<Range>& ranges, uint32_t first, uint32_t count) {
    if (!ranges.empty() && ranges.back().first + ranges.back().count == first) {
      ranges.back().count += count;
    } else {
      ranges.push_back({first, count});
    }
  };
  for (const int32_t position : positions) {
    const auto column = static_cast<size_t>(position);
    if (column >= stored.size()) {
      const size_t first = projection.missing_.size();
      FlattenType(latest.column(column).type, projection.missing_);
      projection.missing_buffers_ += projection.missing_[first].buffers;
      continue;
    }
    const ArrowNode& node = layout.node_of(column);
    keep(projection.nodes_, layout.columns()[column].first_node, node.nodes);
    keep(projection.buffers_, layout.columns()[column].first_buffer, node.buffers);
    projection.kept_nodes_ += node.nodes;
    projection.kept_buffers_ += node.buffers;
  }
  return projection;
}

Status ArrowProjection::CheckCounts(const ArrowMessageView& message, const LogBatchHeader& header,
                                    int64_t message_bytes) const {
  if (message.length() != header.record_count) return Corrupt("row counts differ");
  if (message.node_count() != source_nodes_) return Corrupt("not the nodes of its schema");
  if (message.buffer_count() != source_buffers_) return Corrupt("not the buffers of its schema");
  if (message.body_bytes() > message_bytes - static_cast<int64_t>(message.body_at())) {
    return Corrupt("body is cut short");
  }
  return {};
}

Result<int64_t> ArrowProjection::KeptBodyBytes(const ArrowMessageView& message) const {
  int64_t bytes = 0;
  for (const Range& run : buffers_) {
    int64_t at = message.buffers()[run.first].offset;
    if (at < 0) return Corrupt("buffer leaves the body");
    for (size_t i = run.first; i < run.first + run.count; ++i) {
      const int64_t end = PaddedEnd(message, i);
      const int64_t length = message.buffers()[i].length;
      if (end < at || end > message.body_bytes()) return Corrupt("buffers are out of order");
      if (length < 0 || length > end - at) return Corrupt("buffers overlap");
      bytes += end - at;
      at = end;
    }
  }
  return bytes;
}

Status ArrowProjection::MakeMissing(const ArrowMessageView& message, Missing& out) const {
  size_t empty_until = 0;
  int64_t plain_bytes = 0;
  for (size_t i = 0; i < missing_.size(); ++i) {
    const ArrowNode& node = missing_[i];
    const int64_t length = i < empty_until ? 0 : message.length();
    out.nodes.push_back({length, length});
    for (uint32_t buffer = 0; buffer < BufferCount(node.shape); ++buffer) {
      const int64_t bytes = NullBytes(node, buffer, length);
      if (bytes > kBufferBytesMax || plain_bytes + bytes > kBodyBytesMax) {
        return Fail(ErrorCode::kInvalidColumnProjection,
                    "columns newer than a batch are too wide to be made up: bytes={}", bytes);
      }
      plain_bytes += bytes;
      RETURN_IF_ERROR(AppendZeros(message.compression(), bytes, out.buffers, out.body));
    }
    // Lists that are all null have no elements.
    if (node.shape == ArrowShape::kList) empty_until = std::max(empty_until, i + node.nodes);
  }
  return {};
}

void ArrowProjection::FillLists(const ArrowMessageView& message, const Missing& missing,
                                ArrowMessageLists lists) const {
  for (const Range& run : nodes_) {
    std::memcpy(lists.nodes, message.nodes() + run.first, run.count * sizeof(ArrowFieldNode));
    lists.nodes += run.count;
  }
  int64_t end = 0;
  for (const Range& run : buffers_) {
    const ArrowBuffer* const from = message.buffers() + run.first;
    const int64_t shift = end - from->offset;
    for (size_t i = 0; i < run.count; ++i)
      *lists.buffers++ = {from[i].offset + shift, from[i].length};
    end = PaddedEnd(message, run.first + run.count - 1) + shift;
  }
  if (missing.nodes.empty()) return;
  std::memcpy(lists.nodes, missing.nodes.data(), missing.nodes.size() * sizeof(ArrowFieldNode));
  for (const ArrowBuffer& buffer : missing.buffers)
    *lists.buffers++ = {buffer.offset + end, buffer.length};
}

void ArrowProjection::AddBody(const ArrowMessageView& message, int64_t body_at,
                              ProjectedBatches& out) const {
  for (const Range& run : buffers_) {
    const int64_t from = message.buffers()[run.first].offset;
    out.Add(false, body_at + from, PaddedEnd(message, run.first + run.count - 1) - from);
  }
}

namespace {

// Where the parts of a stored batch lie, found out from its front.
struct Source {
  LogBatchHeader header;
  size_t changes_at = 0;
  size_t change_bytes = 0;
  size_t message_at = 0;
  size_t message_head_bytes = 0;
};

// Header bytes that must be there before LogBatchHeader::Parse can be asked; small batches have no
// more.
size_t HeaderBytesWanted(BytesView front) {
  const int64_t length = reinterpret_cast<const LogBatchHeaderV0*>(front.data())->length;
  const int64_t total_bytes = static_cast<int64_t>(kLogBatchPrefixBytes) + length;
  return static_cast<size_t>(
      std::clamp<int64_t>(total_bytes, sizeof(LogBatchHeaderV0), kLogBatchHeaderBytesMax));
}

// Returns 0, or how many bytes are needed to find all parts. An empty batch has only a header.
Result<size_t> Locate(BytesView front, Source& out) {
  if (front.size() < kLogBatchPrefixBytes) return kLogBatchPrefixBytes;
  if (front.size() < HeaderBytesWanted(front)) return HeaderBytesWanted(front);
  ASSIGN_OR_RETURN(out.header, LogBatchHeader::Parse(front));
  if (out.header.record_count == 0) return 0;

  const auto total_bytes = static_cast<size_t>(out.header.total_bytes);
  out.changes_at = out.header.header_bytes() + static_cast<size_t>(out.header.statistics_bytes);
  out.change_bytes = out.header.append_only() ? 0 : static_cast<size_t>(out.header.record_count);
  out.message_at = out.changes_at + out.change_bytes;
  if (total_bytes - out.message_at < kArrowPrefixBytes) return Corrupt("no message");
  if (front.size() < out.message_at + kArrowPrefixBytes) return out.message_at + kArrowPrefixBytes;
  ASSIGN_OR_RETURN(out.message_head_bytes, AnnouncedHeadBytes(front.substr(out.message_at)));
  const size_t front_bytes = out.message_at + out.message_head_bytes;
  if (total_bytes < front_bytes) return Corrupt("metadata is cut short");
  return front.size() < front_bytes ? front_bytes : 0;
}

}  // namespace

Result<size_t> ArrowProjection::Project(BytesView front, int64_t source_offset,
                                        ProjectedBatches& out) const {
  Source source;
  ASSIGN_OR_RETURN(const size_t bytes_needed, Locate(front, source));
  if (bytes_needed != 0) return bytes_needed;
  const LogBatchHeader& header = source.header;
  if (header.record_count == 0) {
    out.Add(false, source_offset, header.total_bytes);
    return 0;
  }
  ASSIGN_OR_RETURN(
      const ArrowMessageView message,
      ArrowMessageView::Parse(front.substr(source.message_at, source.message_head_bytes)));
  RETURN_IF_ERROR(
      CheckCounts(message, header, header.total_bytes - static_cast<int64_t>(source.message_at)));
  ASSIGN_OR_RETURN(const int64_t kept_bytes, KeptBodyBytes(message));
  Missing missing;
  RETURN_IF_ERROR(MakeMissing(message, missing));

  const size_t node_count = kept_nodes_ + missing_.size();
  const size_t buffer_count = kept_buffers_ + missing_buffers_;
  const int64_t body_bytes = kept_bytes + static_cast<int64_t>(missing.body.size());
  const size_t message_at = header.header_bytes() + source.change_bytes;
  const size_t head_bytes =
      message_at + ArrowMessageHeadBytes(message.compression(), node_count, buffer_count);
  const size_t total_bytes = head_bytes + static_cast<size_t>(body_bytes);
  if (total_bytes > INT32_MAX) return Corrupt("too large");

  const size_t head_at = out.head.size();
  out.head.resize(head_at + head_bytes);
  char* const head = out.head.data() + head_at;
  std::memcpy(head, front.data(), header.header_bytes());
  PatchHeader(head, header.magic, total_bytes);
  std::memcpy(head + header.header_bytes(), front.data() + source.changes_at, source.change_bytes);
  FillLists(message, missing,
            WriteArrowMessageHead(head + message_at, message.compression(), message.length(),
                                  node_count, buffer_count, body_bytes));

  out.Add(true, static_cast<int64_t>(head_at), static_cast<int64_t>(head_bytes));
  AddBody(message, source_offset + static_cast<int64_t>(source.message_at + message.body_at()),
          out);
  out.Add(true, static_cast<int64_t>(out.head.size()), static_cast<int64_t>(missing.body.size()));
  out.head += missing.body;
  return 0;
}

}  // namespace weir
