#include "sql/log_scan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <map>

#include "record/arrow_batch_reader.h"
#include "record/log_batch.h"
#include "record/row_format.h"
#include "record/row_log_batch.h"
#include "sql/arrow_columns.h"
#include "sql/duckdb_types.h"

namespace weir {
namespace {

constexpr int64_t kReadBytesMax = 4 * MiB;

constexpr int kMetaColumns = 3;
enum MetaColumn { kChangeType, kLogOffset, kCommitTimestamp };

std::vector<ScanColumn> ColumnsOf(const Schema& schema, LogColumns columns) {
  std::vector<ScanColumn> out;
  if (columns == LogColumns::kChangelog) {
    out.push_back({"_change_type", DataType::Of(TypeKind::kString)});
    out.push_back({"_log_offset", DataType::Of(TypeKind::kBigInt)});
    out.push_back({"_commit_timestamp", DataType::Temporal(TypeKind::kTimestampLtz, 3)});
  }
  for (const Column& column : schema.columns()) out.push_back({column.name, column.type});
  return out;
}

/// The batch being read, whichever its format.
class OpenBatch {
 public:
  virtual ~OpenBatch() = default;
  virtual ChangeType change(int64_t row) const = 0;
  /// Show rows [first, first + count) of table column `column` in `out`.
  virtual Status Fill(int column, int64_t first, int64_t count, duckdb_vector out) = 0;
};

void FillNull(duckdb_vector out, int64_t count, const DataType& type) {
  for (int64_t i = 0; i < count; ++i)
    (void)WriteValue(out, static_cast<idx_t>(i), type, Value::Null());
}

/// Shared by the parts of a scan: what is prepared once per column.
struct Columns {
  TableRef table;
  std::vector<DataType> types;                           // of the latest schema
  std::vector<std::unique_ptr<ArrowColumn>> converters;  // by column; null where not projected
  std::vector<int32_t> decoded;                          // columns read from ARROW batches, sorted
};

class ArrowOpenBatch : public OpenBatch {
 public:
  ArrowOpenBatch(ArrowBatch batch, const Columns& columns)
      : batch_(std::move(batch)), columns_(columns), prepared_(columns.types.size()) {}

  ChangeType change(int64_t row) const override {
    return batch_.changes.empty() ? ChangeType::kAppendOnly
                                  : batch_.changes[static_cast<size_t>(row)];
  }

  Status Fill(int column, int64_t first, int64_t count, duckdb_vector out) override {
    const auto at = static_cast<size_t>(column);
    const auto found = std::ranges::lower_bound(columns_.decoded, column);
    const auto decoded = static_cast<int>(found - columns_.decoded.begin());
    if (decoded >= batch_.rows->num_columns()) {  // added after the batch was written
      FillNull(out, count, columns_.types[at]);
      return {};
    }
    if (prepared_[at] == nullptr) {
      ASSIGN_OR_RETURN(prepared_[at],
                       columns_.converters[at]->Prepare(*batch_.rows->column(decoded)));
    }
    return columns_.converters[at]->Fill(*prepared_[at], first, count, out);
  }

 private:
  ArrowBatch batch_;
  const Columns& columns_;
  std::vector<std::shared_ptr<arrow::ArrayData>> prepared_;
};

class RowOpenBatch : public OpenBatch {
 public:
  /// `batch` is a view into bytes that outlive this.
  static Result<std::unique_ptr<OpenBatch>> Make(const LogBatchView& batch,
                                                 const RowDecoder& decoder,
                                                 const Columns& columns) {
    auto open = std::unique_ptr<RowOpenBatch>(new RowOpenBatch(columns, decoder.size()));
    RowLogRecords records(batch);
    while (true) {
      ASSIGN_OR_RETURN(const auto record, records.Next());
      if (!record) break;
      const size_t at = open->values_.size();
      open->values_.resize(at + decoder.size());
      RETURN_IF_ERROR(decoder.Decode(record->row, std::span(open->values_).subspan(at)));
      open->changes_.push_back(record->change);
    }
    return open;
  }

  ChangeType change(int64_t row) const override { return changes_[static_cast<size_t>(row)]; }

  Status Fill(int column, int64_t first, int64_t count, duckdb_vector out) override {
    const auto at = static_cast<size_t>(column);
    for (int64_t i = 0; i < count; ++i) {
      const Value value =
          at < width_ ? values_[static_cast<size_t>(first + i) * width_ + at] : Value::Null();
      RETURN_IF_ERROR(WriteValue(out, static_cast<idx_t>(i), columns_.types[at], value));
    }
    return {};
  }

 private:
  RowOpenBatch(const Columns& columns, size_t width) : columns_(columns), width_(width) {}

  const Columns& columns_;
  const size_t width_;
  std::vector<Value> values_;  // row after row
  std::vector<ChangeType> changes_;
};

class LogScanPart : public ScanPart {
 public:
  LogScanPart(LogPart part, LogColumns kind, std::shared_ptr<const Columns> columns,
              std::vector<int> projection, SqlBuckets& buckets, ScanCounts& counts)
      : part_(part),
        meta_(kind == LogColumns::kChangelog ? kMetaColumns : 0),
        columns_(std::move(columns)),
        projection_(std::move(projection)),
        buckets_(buckets),
        counts_(counts),
        next_read_(part.range.start) {}

  Result<bool> Next(duckdb_data_chunk out) override {
    while (row_ == rows_) {
      ASSIGN_OR_RETURN(const bool more, OpenNextBatch());
      if (!more) return false;
    }
    const int64_t count = std::min<int64_t>(rows_ - row_, kChunkRows);
    for (size_t i = 0; i < projection_.size(); ++i) {
      if (projection_[i] != kNoColumn)
        RETURN_IF_ERROR(FillColumn(projection_[i], count, Duck().data_chunk_get_vector(out, i)));
    }
    Duck().data_chunk_set_size(out, static_cast<idx_t>(count));
    counts_.hot_rows += count;
    row_ += count;
    return true;
  }

 private:
  Status FillColumn(int column, int64_t count, duckdb_vector out) {
    if (column >= meta_) return batch_->Fill(column - meta_, row_, count, out);
    for (int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<idx_t>(i);
      if (column == kChangeType) {
        const std::string_view name = ShortName(batch_->change(row_ + i));
        Duck().vector_assign_string_element_len(out, row, name.data(), name.size());
      } else if (column == kLogOffset) {
        static_cast<int64_t*>(Duck().vector_get_data(out))[row] = base_offset_ + row_ + i;
      } else {
        static_cast<int64_t*>(Duck().vector_get_data(out))[row] = commit_timestamp_ * 1000;
      }
    }
    return {};
  }

  /// Make rows [row_, rows_) of the next batch readable; false at the end of the range.
  Result<bool> OpenNextBatch() {
    std::optional<LogBatchView> view;
    while (!view) {
      ASSIGN_OR_RETURN(view, batches_.Next());
      if (view) break;
      if (next_read_ >= part_.range.end) return false;
      ASSIGN_OR_RETURN(bytes_, buckets_.ReadLog(part_.bucket, next_read_, kReadBytesMax));
      if (bytes_.empty()) return false;
      counts_.hot_bytes += static_cast<int64_t>(bytes_.size());
      batches_ = LogBatches(bytes_.view());
    }
    RETURN_IF_ERROR(view->CheckCrc());
    const LogBatchHeader& header = view->header();
    next_read_ = header.next_offset();
    base_offset_ = header.base_offset;
    commit_timestamp_ = header.commit_timestamp;
    row_ = std::clamp<int64_t>(part_.range.start - base_offset_, 0, header.record_count);
    rows_ = std::clamp<int64_t>(part_.range.end - base_offset_, row_, header.record_count);
    if (commit_timestamp_ < part_.times.first_ms || commit_timestamp_ > part_.times.last_ms)
      rows_ = row_;
    // count(*) needs no column: the header says how many rows there are.
    if (row_ < rows_ && reads_columns_) {
      ASSIGN_OR_RETURN(batch_, Decode(*view));
    }
    return true;
  }

  Result<std::unique_ptr<OpenBatch>> Decode(const LogBatchView& view) {
    const SchemaId id = view.header().schema_id;
    const auto schema = columns_->table->FindSchema(id);
    if (schema == nullptr)
      return Fail(ErrorCode::kSchemaNotExist,
                  "a batch has an unknown schema: table={} schema_id={}",
                  columns_->table->path.ToString(), id.value);
    const LogFormat format = columns_->table->config.log_format;
    if (format == LogFormat::kArrow) {
      auto& reader = arrow_readers_[id];
      if (reader == nullptr) {
        // Later schemas only add columns at the end, so positions hold in all of them.
        const auto known =
            std::ranges::lower_bound(columns_->decoded, static_cast<int32_t>(schema->size()));
        ASSIGN_OR_RETURN(
            reader, ArrowBatchReader::Create(*schema, std::span(columns_->decoded.begin(), known)));
      }
      ASSIGN_OR_RETURN(ArrowBatch batch, reader->Read(view));
      return std::make_unique<ArrowOpenBatch>(std::move(batch), *columns_);
    }
    auto decoder = row_decoders_.find(id);
    if (decoder == row_decoders_.end()) {
      const auto row_format =
          format == LogFormat::kIndexed ? RowFormat::kIndexed : RowFormat::kCompacted;
      decoder = row_decoders_.emplace(id, RowDecoder(row_format, schema->types())).first;
    }
    return RowOpenBatch::Make(view, decoder->second, *columns_);
  }

  const LogPart part_;
  const int meta_;
  const std::shared_ptr<const Columns> columns_;
  const std::vector<int> projection_;
  SqlBuckets& buckets_;
  ScanCounts& counts_;  // of the scan

  const bool reads_columns_ =
      std::ranges::any_of(projection_, [](int column) { return column != kNoColumn; });
  Offset next_read_;
  SharedBytes bytes_;
  LogBatches batches_{{}};
  std::unique_ptr<OpenBatch> batch_;
  Offset base_offset_ = 0;
  int64_t commit_timestamp_ = 0;
  int64_t row_ = 0;  // of batch_
  int64_t rows_ = 0;
  std::map<SchemaId, std::unique_ptr<ArrowBatchReader>> arrow_readers_;
  std::map<SchemaId, RowDecoder> row_decoders_;
};

class LogScan : public TableScan {
 public:
  LogScan(TableRef table, std::vector<LogPart> parts, LogColumns kind, SqlBuckets& buckets,
          duckdb_connection connection)
      : table_(std::move(table)),
        parts_(std::move(parts)),
        kind_(kind),
        buckets_(buckets),
        connection_(connection),
        columns_(ColumnsOf(table_->schema(), kind)) {}

  std::span<const ScanColumn> columns() const override { return columns_; }
  size_t part_count() const override { return parts_.size(); }
  int64_t rows_estimate() const override {
    int64_t rows = 0;
    for (const LogPart& part : parts_) rows += part.range.end - part.range.start;
    return rows;
  }

  Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) override {
    auto prepared = std::make_shared<Columns>();
    prepared->table = table_;
    prepared->types = table_->schema().types();
    prepared->converters.resize(prepared->types.size());
    const int meta = kind_ == LogColumns::kChangelog ? kMetaColumns : 0;
    for (const int column : projection) {
      if (column < meta || table_->config.log_format != LogFormat::kArrow) continue;
      const auto at = static_cast<size_t>(column - meta);
      prepared->decoded.push_back(static_cast<int32_t>(at));
      ASSIGN_OR_RETURN(prepared->converters[at],
                       ArrowColumn::Make(connection_, prepared->types[at]));
    }
    std::ranges::sort(prepared->decoded);
    return std::make_unique<LogScanPart>(parts_[part], kind_, std::move(prepared),
                                         std::vector<int>(projection.begin(), projection.end()),
                                         buckets_, counts());
  }

 private:
  const TableRef table_;
  const std::vector<LogPart> parts_;
  const LogColumns kind_;
  SqlBuckets& buckets_;
  const duckdb_connection connection_;
  const std::vector<ScanColumn> columns_;
};

}  // namespace

std::shared_ptr<TableScan> MakeLogScan(TableRef table, std::vector<LogPart> parts,
                                       LogColumns columns, SqlBuckets& buckets,
                                       duckdb_connection connection) {
  return std::make_shared<LogScan>(std::move(table), std::move(parts), columns, buckets,
                                   connection);
}

}  // namespace weir
