#include "record/arrow_batch_writer.h"

#include <cstring>
#include <new>
#include <vector>

#include "record/arrow_buffer_codec.h"
#include "record/arrow_growing_column.h"
#include "record/arrow_layout.h"
#include "record/arrow_message.h"
#include "record/log_batch.h"
#include "record/schema.h"

namespace weir {
namespace {

constexpr size_t kKeptBytesMax = 64 * MiB;  // of buffers for the next batch; more is given back

}  // namespace

class ArrowBatchWriter::Rep {
 public:
  Rep(const Schema& schema, SchemaId schema_id, LogCompression compression)
      : schema_id_(schema_id), compression_(compression) {
    const ArrowLayout layout(schema);
    node_count_ = layout.node_count();
    buffer_count_ = layout.buffer_count();
    types_ = schema.types();
    MakeColumns();
  }

  Status Append(std::span<const Value> row, ChangeType change) {
    if (row.size() != columns_.size()) {
      return Fail(ErrorCode::kCorruptRecord, "row does not fit its schema: values={} columns={}",
                  row.size(), columns_.size());
    }
    size_t i = 0;
    try {
      for (; i < row.size(); ++i) {
        if (!columns_[i].Append(row[i])) [[unlikely]] {
          TakeBack(i);
          return Fail(ErrorCode::kCorruptRecord, "value cannot stand in its column: column={}", i);
        }
      }
    } catch (const std::bad_alloc&) {
      TakeBack(i);
      return Fail(ErrorCode::kRecordTooLarge,
                  "log batch would be too large: rows={} memory={} column={}", row_count(),
                  memory_.bytes, i);
    }
    changes_.push_back(static_cast<char>(change));
    append_only_ = append_only_ && change == ChangeType::kAppendOnly;
    return {};
  }

  int32_t row_count() const { return static_cast<int32_t>(changes_.size()); }

  size_t bytes_estimate() const {
    size_t bytes = HeadBytes();
    for (const ArrowGrowingColumn& column : columns_) bytes += column.bytes();
    return bytes + 8 * buffer_count_;  // at most this much padding
  }

  Status Finish(BatchWriter writer, std::string& out) {
    if (row_count() == 0) {
      out += EmptyLogBatch(schema_id_, writer.writer_id, writer.batch_sequence);
      return {};
    }
    const size_t bytes_max = bytes_estimate() + kBufferPrefixBytes * buffer_count_;
    if (bytes_max > INT32_MAX) {
      return Fail(ErrorCode::kRecordTooLarge, "log batch is too large: rows={} bytes={}",
                  row_count(), bytes_max);
    }
    const size_t at = out.size();
    out.reserve(at + bytes_max);
    out.resize(at + HeadBytes());
    RETURN_IF_ERROR(AppendBody(out));
    FillHead(out, at, writer);
    Clear();
    return {};
  }

  void Clear() {
    if (memory_.bytes > kKeptBytesMax) {
      MakeColumns();
    } else {
      for (ArrowGrowingColumn& column : columns_) column.Truncate(0);
    }
    changes_.clear();
    append_only_ = true;
  }

 private:
  void MakeColumns() {
    columns_.clear();
    columns_.reserve(types_.size());
    for (const DataType& type : types_) columns_.emplace_back(type, memory_);
  }

  // The row under construction, of which columns up to `column` have something.
  void TakeBack(size_t column) {
    for (size_t i = 0; i <= column; ++i) columns_[i].Truncate(row_count());
  }

  size_t ChangeTypeBytes() const { return append_only_ ? 0 : changes_.size(); }
  size_t HeadBytes() const {
    return sizeof(LogBatchHeaderV0) + ChangeTypeBytes() +
           ArrowMessageHeadBytes(compression_.type, node_count_, buffer_count_);
  }

  // Append all buffers in their stored form; remember nodes and places for the metadata.
  Status AppendBody(std::string& out) {
    nodes_.clear();
    buffers_.clear();
    const size_t body_at = out.size();
    Status status;
    const auto node = [&](int64_t length, int64_t null_count) {
      nodes_.push_back({length, null_count});
    };
    const auto buffer = [&](BytesView plain) {
      const size_t at = out.size();
      if (status) status = CompressBuffer(compression_, plain, out);
      buffers_.push_back(
          {static_cast<int64_t>(at - body_at), static_cast<int64_t>(out.size() - at)});
      out.append((body_at - out.size()) % 8, '\0');
    };
    for (const ArrowGrowingColumn& column : columns_) column.Visit(node, buffer);
    body_bytes_ = out.size() - body_at;
    return status;
  }

  void FillHead(std::string& out, size_t at, BatchWriter writer) const {
    char* const changes = out.data() + at + sizeof(LogBatchHeaderV0);
    std::memcpy(changes, changes_.data(), ChangeTypeBytes());
    const ArrowMessageLists lists =
        WriteArrowMessageHead(changes + ChangeTypeBytes(), compression_.type, row_count(),
                              node_count_, buffer_count_, static_cast<int64_t>(body_bytes_));
    std::memcpy(lists.nodes, nodes_.data(), nodes_.size() * sizeof(ArrowFieldNode));
    std::memcpy(lists.buffers, buffers_.data(), buffers_.size() * sizeof(ArrowBuffer));
    WriteLogBatchHeader(out.data() + at, out.size() - at,
                        {.schema_id = schema_id_,
                         .attributes = append_only_ ? kAppendOnlyAttribute : uint8_t{0},
                         .last_offset_delta = row_count() - 1,
                         .writer_id = writer.writer_id,
                         .batch_sequence = writer.batch_sequence,
                         .record_count = row_count()});
  }

  SchemaId schema_id_;
  LogCompression compression_;
  size_t node_count_ = 0;
  size_t buffer_count_ = 0;
  std::vector<DataType> types_;
  GrowingMemory memory_;
  std::vector<ArrowGrowingColumn> columns_;
  std::string changes_;  // one ChangeType per row
  bool append_only_ = true;
  std::vector<ArrowFieldNode> nodes_;
  std::vector<ArrowBuffer> buffers_;
  size_t body_bytes_ = 0;
};

ArrowBatchWriter::ArrowBatchWriter(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
ArrowBatchWriter::~ArrowBatchWriter() = default;

Result<std::unique_ptr<ArrowBatchWriter>> ArrowBatchWriter::Create(const Schema& schema,
                                                                   SchemaId schema_id,
                                                                   LogCompression compression) {
  return std::unique_ptr<ArrowBatchWriter>(
      new ArrowBatchWriter(std::make_unique<Rep>(schema, schema_id, compression)));
}

Status ArrowBatchWriter::Append(std::span<const Value> row, ChangeType change) {
  return rep_->Append(row, change);
}
int32_t ArrowBatchWriter::row_count() const { return rep_->row_count(); }
size_t ArrowBatchWriter::bytes_estimate() const { return rep_->bytes_estimate(); }
Status ArrowBatchWriter::Finish(BatchWriter writer, std::string& out) {
  return rep_->Finish(writer, out);
}
void ArrowBatchWriter::Clear() { rep_->Clear(); }

}  // namespace weir
