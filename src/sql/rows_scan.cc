#include "sql/rows_scan.h"

#include <algorithm>

#include "sql/duckdb_types.h"

namespace weir {
namespace {

struct Rows {
  std::vector<ScanColumn> columns;
  std::vector<CellRow> rows;
};

Value ValueOf(const Cell& cell, const DataType& type) {
  if (const auto* text = std::get_if<std::string>(&cell)) return Value::Bytes(*text);
  if (const auto* number = std::get_if<int64_t>(&cell)) {
    const bool time = type.kind == TypeKind::kTimestampLtz;
    return time ? Value::Timestamp(*number) : Value::Int(*number);
  }
  return Value::Null();
}

class RowsPart : public ScanPart {
 public:
  RowsPart(std::shared_ptr<const Rows> rows, std::span<const int> projection)
      : rows_(std::move(rows)), projection_(projection.begin(), projection.end()) {}

  Result<bool> Next(duckdb_data_chunk out) override {
    const size_t count = std::min(rows_->rows.size() - at_, kChunkRows);
    for (size_t i = 0; i < projection_.size(); ++i) {
      if (projection_[i] == kNoColumn) continue;
      const auto column = static_cast<size_t>(projection_[i]);
      const DataType& type = rows_->columns[column].type;
      for (size_t row = 0; row < count; ++row)
        RETURN_IF_ERROR(WriteValue(Duck().data_chunk_get_vector(out, i), row, type,
                                   ValueOf(rows_->rows[at_ + row][column], type)));
    }
    at_ += count;
    Duck().data_chunk_set_size(out, count);
    return count > 0;
  }

 private:
  const std::shared_ptr<const Rows> rows_;
  const std::vector<int> projection_;
  size_t at_ = 0;
};

class RowsScan : public TableScan {
 public:
  explicit RowsScan(Rows rows) : rows_(std::make_shared<const Rows>(std::move(rows))) {}

  std::span<const ScanColumn> columns() const override { return rows_->columns; }
  int64_t rows_estimate() const override { return static_cast<int64_t>(rows_->rows.size()); }
  size_t part_count() const override { return 1; }
  Result<std::unique_ptr<ScanPart>> Open(size_t, std::span<const int> projection) override {
    return std::make_unique<RowsPart>(rows_, projection);
  }

 private:
  const std::shared_ptr<const Rows> rows_;
};

}  // namespace

std::shared_ptr<TableScan> MakeRowsScan(std::vector<ScanColumn> columns,
                                        std::vector<CellRow> rows) {
  return std::make_shared<RowsScan>(Rows{std::move(columns), std::move(rows)});
}

}  // namespace weir
