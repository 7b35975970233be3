#include "lake/parquet_metrics.h"

#include <parquet/schema.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lake/bound_text.h"
#include "lake/parquet_statistics.h"

namespace weir::iceberg {
namespace {

const MetricsMode& ModeOf(const ParquetWriterOptions& options, const std::string& name) {
  const auto found = options.column_metrics.find(name);
  return found == options.column_metrics.end() ? options.metrics : found->second;
}

/// The range of a column over all row groups, as far as it is known.
class RangeUnion {
 public:
  void Add(const Type& type, const parquet::ColumnChunkMetaData& column) {
    const auto statistics = column.statistics();
    if (statistics != nullptr && statistics->HasNullCount() &&
        statistics->null_count() == column.num_values()) {
      return;  // no values, no range
    }
    auto range = RangeOf(type, column);
    if (!range) {
      // Floats: nothing but NaN, which no bound counts. Others: the file does not say.
      unknown_ = unknown_ || (type.id != TypeId::kFloat && type.id != TypeId::kDouble);
      return;
    }
    if (!range_) {
      range_ = std::move(range);
      return;
    }
    if (Compare(range->lower, range_->lower) < 0) range_->lower = std::move(range->lower);
    if (Compare(range->upper, range_->upper) > 0) range_->upper = std::move(range->upper);
  }

  const ColumnRange* known() const { return unknown_ || !range_ ? nullptr : &*range_; }

 private:
  std::optional<ColumnRange> range_;
  bool unknown_ = false;
};

std::optional<std::string> LowerBound(const Literal& value, int32_t length) {
  switch (value.type().id) {
    case TypeId::kString:
      return TruncateText(value.get<std::string>(), length);
    case TypeId::kBinary:
    case TypeId::kFixed:
      return TruncateBinary(value.get<std::string>(), length);
    default:
      return ToBinary(value);
  }
}

std::optional<std::string> UpperBound(const Literal& value, int32_t length) {
  switch (value.type().id) {
    case TypeId::kString:
      return TruncateTextUp(value.get<std::string>(), length);
    case TypeId::kBinary:
    case TypeId::kFixed:
      return TruncateBinaryUp(value.get<std::string>(), length);
    default:
      return ToBinary(value);
  }
}

void FillBounds(int32_t id, const ColumnRange& range, int32_t length, DataFile& file) {
  if (auto lower = LowerBound(range.lower, length)) file.lower_bounds[id] = *std::move(lower);
  if (auto upper = UpperBound(range.upper, length)) file.upper_bounds[id] = *std::move(upper);
}

void FillColumn(const parquet::FileMetaData& footer, int column, const Field& field,
                const MetricsMode& mode, DataFile& file) {
  int64_t bytes = 0;
  int64_t values = 0;
  int64_t nulls = 0;
  bool nulls_known = true;
  RangeUnion range;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto chunk = footer.RowGroup(group)->ColumnChunk(column);
    bytes += chunk->total_compressed_size();
    values += chunk->num_values();
    const auto statistics = chunk->statistics();
    nulls_known = nulls_known && statistics != nullptr && statistics->HasNullCount();
    if (nulls_known) nulls += statistics->null_count();
    range.Add(field.type, *chunk);
  }
  file.column_sizes[field.id] = bytes;
  if (footer.schema()->Column(column)->max_repetition_level() > 0) return;
  file.value_counts[field.id] = values;
  if (nulls_known) file.null_value_counts[field.id] = nulls;
  if (mode.bounds_length > 0 && range.known() != nullptr) {
    FillBounds(field.id, *range.known(), mode.bounds_length, file);
  }
}

}  // namespace

void FillMetrics(const parquet::FileMetaData& footer, const Schema& schema,
                 const ParquetWriterOptions& options, DataFile& file) {
  for (int column = 0; column < footer.num_columns(); ++column) {
    const int32_t id = footer.schema()->Column(column)->schema_node()->field_id();
    const Field* field = schema.FindField(id);
    if (field == nullptr) continue;
    const MetricsMode& mode = ModeOf(options, schema.FindName(id).value_or(""));
    if (mode.counts) FillColumn(footer, column, *field, mode, file);
  }
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto first = footer.RowGroup(group)->ColumnChunk(0);
    file.split_offsets.push_back(
        first->has_dictionary_page()
            ? std::min(first->dictionary_page_offset(), first->data_page_offset())
            : first->data_page_offset());
  }
  std::ranges::sort(file.split_offsets);
}

}  // namespace weir::iceberg
