#include "record/arrow_batch_reader.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "record/arrow_batch_check.h"
#include "record/arrow_buffer_codec.h"
#include "record/arrow_row_reader.h"
#include "record/arrow_schema.h"
#include "record/schema.h"

namespace weir {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kKeptBytesMax = 4 * MiB;  // of decompressed bytes; more is given back

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// How many bytes a buffer has when plain; CheckArrowBatch has looked at the declared number.
size_t PlainBytes(LogCompressionType compression, BytesView stored) {
  if (compression == LogCompressionType::kNone || stored.empty()) return stored.size();
  const auto declared = LoadLe<int64_t>(stored.data());
  return declared == kStoredRaw ? stored.size() - kBufferPrefixBytes
                                : static_cast<size_t>(declared);
}

// The bytes of a buffer that is stored plain.
BytesView PlainPart(LogCompressionType compression, BytesView stored) {
  if (compression != LogCompressionType::kNone && !stored.empty())
    stored.remove_prefix(kBufferPrefixBytes);
  return stored;
}

bool IsCompressed(LogCompressionType compression, BytesView stored) {
  return compression != LogCompressionType::kNone && !stored.empty() &&
         LoadLe<int64_t>(stored.data()) != kStoredRaw;
}

// Builds Arrow's own representation over plain buffers that lie in `memory`.
class ArrayBuilder {
 public:
  ArrayBuilder(const ArrowMessageView& message, std::span<const BytesView> plain,
               std::shared_ptr<arrow::Buffer> memory)
      : message_(message), plain_(plain), memory_(std::move(memory)) {}

  std::shared_ptr<arrow::ArrayData> Build(const ArrowColumnPlace& place,
                                          const std::shared_ptr<arrow::DataType>& type) const {
    const ArrowFieldNode& node = message_.nodes()[place.node];
    std::vector<std::shared_ptr<arrow::Buffer>> buffers;
    buffers.push_back(node.null_count == 0 ? nullptr : Slice(place.buffer));
    for (uint32_t i = 1; i < BufferCount(place.shape); ++i)
      buffers.push_back(Slice(place.buffer + i));
    auto data = arrow::ArrayData::Make(type, node.length, std::move(buffers), node.null_count);
    for (size_t i = 0; i < place.children.size(); ++i) {
      data->child_data.push_back(
          Build(place.children[i], type->field(static_cast<int>(i))->type()));
    }
    return data;
  }

 private:
  std::shared_ptr<arrow::Buffer> Slice(size_t buffer) const {
    const BytesView bytes = plain_[buffer];
    const auto offset =
        bytes.empty() ? 0 : bytes.data() - reinterpret_cast<const char*>(memory_->data());
    return arrow::SliceBuffer(memory_, offset, static_cast<int64_t>(bytes.size()));
  }

  const ArrowMessageView& message_;
  std::span<const BytesView> plain_;
  std::shared_ptr<arrow::Buffer> memory_;
};

std::vector<ChangeType> ToChanges(BytesView bytes) {
  std::vector<ChangeType> changes(bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) changes[i] = static_cast<ChangeType>(bytes[i]);
  return changes;
}

}  // namespace

class ArrowBatchReader::Rep {
 public:
  Rep(const Schema& schema, std::span<const int32_t> positions)
      : layout_(schema), wanted_(layout_.buffer_count()) {
    const auto all = ToArrowSchema(schema);
    arrow::FieldVector fields;
    for (const int32_t position : positions) {
      const auto column = static_cast<size_t>(position);
      const auto [first_node, first_buffer] = layout_.columns()[column];
      uint32_t node = first_node;
      uint32_t buffer = first_buffer;
      places_.emplace_back(schema.column(column).type, node, buffer);
      std::fill(wanted_.begin() + first_buffer, wanted_.begin() + buffer, true);
      fields.push_back(all->field(position));
    }
    arrow_schema_ = arrow::schema(std::move(fields));
    plain_.resize(layout_.buffer_count());
    row_.resize(places_.size());
  }

  Result<ArrowBatch> Read(const LogBatchView& batch) {
    if (batch.empty()) return MakeEmpty();
    ASSIGN_OR_RETURN(const ArrowBatchParts parts, CheckArrowBatch(batch, layout_));
    auto allocated = arrow::AllocateBuffer(static_cast<int64_t>(MemoryBytes(parts, Copies::kAll)));
    RETURN_IF_ERROR(FromArrow(allocated.status()));
    std::shared_ptr<arrow::Buffer> memory = std::move(*allocated);
    RETURN_IF_ERROR(Load(parts, Copies::kAll, reinterpret_cast<char*>(memory->mutable_data())));

    const ArrayBuilder builder(parts.message, plain_, std::move(memory));
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    columns.reserve(places_.size());
    for (size_t i = 0; i < places_.size(); ++i) {
      columns.push_back(
          builder.Build(places_[i], arrow_schema_->field(static_cast<int>(i))->type()));
    }
    auto rows = arrow::RecordBatch::Make(arrow_schema_, parts.message.length(), std::move(columns));
    RETURN_IF_ERROR(FromArrow(rows->ValidateFull()));
    return ArrowBatch{std::move(rows), ToChanges(parts.change_types)};
  }

  Status Open(const LogBatchView& batch) {
    row_count_ = 0;
    if (batch.empty()) return {};
    ASSIGN_OR_RETURN(const ArrowBatchParts parts, CheckArrowBatch(batch, layout_));
    RETURN_IF_ERROR(
        Load(parts, Copies::kCompressed, Room(MemoryBytes(parts, Copies::kCompressed))));
    changes_ = parts.change_types;
    rows_.Open(parts.message.nodes(), plain_.data());
    row_count_ = batch.record_count();
    return {};
  }

  int32_t row_count() const { return row_count_; }
  ChangeType change(int32_t row) const {
    return changes_.empty() ? ChangeType::kAppendOnly
                            : static_cast<ChangeType>(changes_[static_cast<size_t>(row)]);
  }

  Result<std::span<const Value>> Row(int32_t row) {
    rows_.Forget();
    for (size_t i = 0; i < places_.size(); ++i) {
      if (!rows_.Get(places_[i], row, row_[i])) [[unlikely]] {
        return Fail(ErrorCode::kCorruptMessage,
                    "arrow batch holds a damaged value: row={} column={}", row, i);
      }
    }
    return std::span<const Value>(row_);
  }

 private:
  // Arrow needs all buffers aligned, so all are copied; rows are read from where plain bytes lie.
  enum class Copies { kAll, kCompressed };

  static BytesView Stored(const ArrowBatchParts& parts, size_t buffer) {
    const ArrowBuffer& place = parts.message.buffers()[buffer];
    return parts.body.substr(static_cast<size_t>(int64_t{place.offset}),
                             static_cast<size_t>(int64_t{place.length}));
  }

  size_t MemoryBytes(const ArrowBatchParts& parts, Copies copies) const {
    const LogCompressionType compression = parts.message.compression();
    size_t bytes = 0;
    for (size_t i = 0; i < plain_.size(); ++i) {
      const BytesView stored = Stored(parts, i);
      if (wanted_[i] && (copies == Copies::kAll || IsCompressed(compression, stored))) {
        bytes += Aligned(PlainBytes(compression, stored));
      }
    }
    return bytes;
  }

  // Point plain_ at the plain bytes of the wanted buffers, decompressed or copied to `to` where
  // needed.
  Status Load(const ArrowBatchParts& parts, Copies copies, char* to) {
    const LogCompressionType compression = parts.message.compression();
    for (size_t i = 0; i < plain_.size(); ++i) {
      if (!wanted_[i]) continue;
      const BytesView stored = Stored(parts, i);
      const BytesView data = PlainPart(compression, stored);
      const size_t bytes = PlainBytes(compression, stored);
      const bool compressed = IsCompressed(compression, stored);
      if (compressed) {
        RETURN_IF_ERROR(DecompressBuffer(compression, data, to, bytes));
      } else if (copies == Copies::kAll && bytes != 0) {
        std::memcpy(to, data.data(), bytes);
      }
      const bool moved = compressed || copies == Copies::kAll;
      plain_[i] = moved ? BytesView(to, bytes) : data;
      if (moved) to += Aligned(bytes);
    }
    return {};
  }

  // Room for decompressed bytes, kept from batch to batch unless a batch needed unusually much.
  char* Room(size_t bytes) {
    if (bytes > memory_bytes_ || memory_bytes_ > kKeptBytesMax) {
      memory_.reset();
      memory_ = std::make_unique_for_overwrite<char[]>(bytes);
      memory_bytes_ = bytes;
    }
    return memory_.get();
  }

  Result<ArrowBatch> MakeEmpty() const {
    auto rows = arrow::RecordBatch::MakeEmpty(arrow_schema_);
    RETURN_IF_ERROR(FromArrow(rows.status()));
    return ArrowBatch{std::move(*rows), {}};
  }

  ArrowLayout layout_;
  std::vector<ArrowColumnPlace> places_;  // of the chosen columns
  std::vector<bool> wanted_;              // per buffer: belongs to a chosen column
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<BytesView> plain_;  // per buffer of the batch last loaded

  // Of the open batch:
  std::unique_ptr<char[]> memory_;
  size_t memory_bytes_ = 0;
  BytesView changes_;
  int32_t row_count_ = 0;
  ArrowRowReader rows_;
  std::vector<Value> row_;
};

ArrowBatchReader::ArrowBatchReader(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
ArrowBatchReader::~ArrowBatchReader() = default;

Result<std::unique_ptr<ArrowBatchReader>> ArrowBatchReader::Create(const Schema& schema) {
  std::vector<int32_t> all(schema.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
  return Create(schema, all);
}

Result<std::unique_ptr<ArrowBatchReader>> ArrowBatchReader::Create(
    const Schema& schema, std::span<const int32_t> positions) {
  for (const int32_t position : positions) {
    if (position < 0 || static_cast<size_t>(position) >= schema.size()) {
      return Fail(ErrorCode::kInvalidColumnProjection, "no such column: position={} columns={}",
                  position, schema.size());
    }
  }
  return std::unique_ptr<ArrowBatchReader>(
      new ArrowBatchReader(std::make_unique<Rep>(schema, positions)));
}

Result<ArrowBatch> ArrowBatchReader::Read(const LogBatchView& batch) { return rep_->Read(batch); }
Status ArrowBatchReader::Open(const LogBatchView& batch) { return rep_->Open(batch); }
int32_t ArrowBatchReader::row_count() const { return rep_->row_count(); }
ChangeType ArrowBatchReader::change(int32_t row) const { return rep_->change(row); }
Result<std::span<const Value>> ArrowBatchReader::Row(int32_t row) { return rep_->Row(row); }

}  // namespace weir
