#include "tiering/lake_batch.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "lake/arrow_types.h"
#include "lake/fluss_layout.h"
#include "record/arrow_batch_reader.h"
#include "record/arrow_batch_writer.h"
#include "record/row_format.h"
#include "record/row_log_batch.h"
#include "tiering/arrow_convert.h"

namespace weir {
namespace {

Failure ArrowFailed(const arrow::Status& status) {
  return Fail(ErrorCode::kUnknownServerError, "arrow: {}", status.message());
}

/// A column of `count` numbers that `fill` writes.
template <class T, class F>
Result<std::shared_ptr<arrow::Array>> Numbers(const std::shared_ptr<arrow::DataType>& type,
                                              int64_t count, F fill) {
  auto allocated = arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(T)));
  if (!allocated.ok()) return ArrowFailed(allocated.status());
  std::shared_ptr<arrow::Buffer> buffer = std::move(*allocated);
  T* const out = reinterpret_cast<T*>(buffer->mutable_data());
  fill(out, out + count);
  return arrow::MakeArray(arrow::ArrayData::Make(type, count, {nullptr, std::move(buffer)}, 0));
}

}  // namespace

/// Reads batches of one schema.
struct LakeBatchReader::Decoder {
  std::shared_ptr<const Schema> schema;
  std::vector<int> positions;  // per target: column of the batch; -1: not there
  std::unique_ptr<ArrowBatchReader> arrow;
  // Row formats go through a batch of columns.
  std::optional<RowDecoder> rows;
  std::unique_ptr<ArrowBatchWriter> columns;
  std::string scratch;

  Result<ArrowBatch> Read(const LogBatchView& batch) {
    if (!rows) return arrow->Read(batch);
    RowLogRecords records(batch);
    std::vector<Value> values(rows->size());
    columns->Clear();
    while (true) {
      ASSIGN_OR_RETURN(const auto record, records.Next());
      if (!record) break;
      RETURN_IF_ERROR(rows->Decode(record->row, values));
      RETURN_IF_ERROR(columns->Append(values, record->change));
    }
    scratch.clear();
    RETURN_IF_ERROR(columns->Finish({}, scratch));
    ASSIGN_OR_RETURN(const LogBatchView view, LogBatchView::Parse(scratch));
    return arrow->Read(view);
  }
};

LakeBatchReader::LakeBatchReader(TableRef table) : table_(std::move(table)) {}
LakeBatchReader::~LakeBatchReader() = default;

Result<std::unique_ptr<LakeBatchReader>> LakeBatchReader::Create(TableRef table,
                                                                 const iceberg::Schema& lake) {
  auto reader = std::unique_ptr<LakeBatchReader>(new LakeBatchReader(std::move(table)));
  ASSIGN_OR_RETURN(reader->schema_, iceberg::ToArrow(lake));
  const Schema& schema = reader->table_->schema();
  ASSIGN_OR_RETURN(const std::vector<int32_t> ids, iceberg::LakeFieldIds(schema, lake));
  for (const iceberg::Field& field : lake.fields()) {
    Target target;
    const auto column = std::ranges::find(ids, field.id);
    if (column != ids.end()) {
      const auto at = static_cast<size_t>(column - ids.begin());
      target = {Source::kColumn, schema.columns()[at].id};
    } else if (field.name == iceberg::kBucketColumn) {
      target.source = Source::kBucket;
    } else if (field.name == iceberg::kOffsetColumn) {
      target.source = Source::kOffset;
    } else if (field.name == iceberg::kTimestampColumn) {
      target.source = Source::kTimestamp;
    } else if (field.required) {
      return Fail(ErrorCode::kInvalidTable,
                  "the lake table has a required column that the table does not have: {}",
                  field.name);
    }
    reader->targets_.push_back(target);
  }
  return reader;
}

Result<LakeBatchReader::Decoder*> LakeBatchReader::DecoderOf(SchemaId id) {
  auto& decoder = decoders_[id];
  if (decoder != nullptr) return decoder.get();
  auto made = std::make_unique<Decoder>();
  made->schema = table_->FindSchema(id);
  if (made->schema == nullptr)
    return Fail(ErrorCode::kSchemaNotExist, "a batch has an unknown schema: table={} schema_id={}",
                table_->path.ToString(), id.value);
  const auto columns = made->schema->columns();
  for (const Target& target : targets_) {
    const auto found = std::ranges::find(columns, target.column_id, &Column::id);
    const bool here = target.source == Source::kColumn && found != columns.end();
    made->positions.push_back(here ? static_cast<int>(found - columns.begin()) : -1);
  }
  ASSIGN_OR_RETURN(made->arrow, ArrowBatchReader::Create(*made->schema));
  if (const LogFormat format = table_->config.log_format; format != LogFormat::kArrow) {
    made->rows.emplace(format == LogFormat::kIndexed ? RowFormat::kIndexed : RowFormat::kCompacted,
                       made->schema->types());
    ASSIGN_OR_RETURN(made->columns,
                     ArrowBatchWriter::Create(*made->schema, id, {LogCompressionType::kNone, 1}));
  }
  decoder = std::move(made);
  return decoder.get();
}

Result<LakeRows> LakeBatchReader::Read(const LogBatchView& batch, BucketId bucket, Offset from,
                                       Offset to) {
  const LogBatchHeader& header = batch.header();
  const int64_t first = std::clamp<int64_t>(from - header.base_offset, 0, header.record_count);
  const int64_t last = std::clamp<int64_t>(to - header.base_offset, first, header.record_count);
  const int64_t count = last - first;
  const System system{.bucket = bucket,
                      .offset = header.base_offset + first,
                      .time_us = header.commit_timestamp * 1000};
  if (count == 0) return LakeRows{.base_offset = system.offset};
  return Convert(batch, first, count, system);
}

Result<LakeRows> LakeBatchReader::ReadState(const LogBatchView& batch, BucketId bucket) {
  constexpr int64_t kUnknown = -1;
  const System system{.bucket = bucket, .offset = kUnknown, .step = 0, .time_us = kUnknown * 1000};
  return Convert(batch, 0, batch.header().record_count, system);
}

Result<LakeRows> LakeBatchReader::Convert(const LogBatchView& batch, int64_t first, int64_t count,
                                          const System& system) {
  LakeRows out{.base_offset = system.offset};
  ASSIGN_OR_RETURN(Decoder* const decoder, DecoderOf(batch.header().schema_id));
  ASSIGN_OR_RETURN(ArrowBatch decoded, decoder->Read(batch));
  arrow::ArrayVector columns;
  for (size_t i = 0; i < targets_.size(); ++i) {
    const auto& type = schema_->field(static_cast<int>(i))->type();
    switch (targets_[i].source) {
      case Source::kColumn: {
        if (decoder->positions[i] < 0) break;
        ASSIGN_OR_RETURN(auto column,
                         ConvertColumn(decoded.rows->column(decoder->positions[i]), type));
        columns.push_back(column->Slice(first, count));
        break;
      }
      case Source::kBucket: {
        ASSIGN_OR_RETURN(columns.emplace_back(),
                         Numbers<int32_t>(type, count, [=](int32_t* begin, int32_t* end) {
                           std::fill(begin, end, system.bucket);
                         }));
        break;
      }
      case Source::kOffset: {
        ASSIGN_OR_RETURN(columns.emplace_back(),
                         Numbers<int64_t>(type, count, [&](int64_t* begin, int64_t* end) {
                           Offset at = system.offset;
                           for (int64_t* row = begin; row != end; ++row, at += system.step)
                             *row = at;
                         }));
        break;
      }
      case Source::kTimestamp: {
        ASSIGN_OR_RETURN(columns.emplace_back(),
                         Numbers<int64_t>(type, count, [&](int64_t* begin, int64_t* end) {
                           std::fill(begin, end, system.time_us);
                         }));
        break;
      }
      case Source::kNull:
        break;
    }
    if (columns.size() > i) continue;
    auto nulls = arrow::MakeArrayOfNull(type, count);
    if (!nulls.ok()) return ArrowFailed(nulls.status());
    columns.push_back(std::move(*nulls));
  }
  out.rows = arrow::RecordBatch::Make(schema_, count, std::move(columns));
  if (!decoded.changes.empty())
    out.changes.assign(decoded.changes.begin() + first, decoded.changes.begin() + first + count);
  return out;
}

}  // namespace weir
