#include <charconv>
#include <string_view>

#include "lake/parquet_writer.h"

namespace weir::iceberg {
namespace {

using Properties = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kColumnMetrics = "write.metadata.metrics.column.";
constexpr std::string_view kBloomFilter = "write.parquet.bloom-filter-enabled.column.";

template <class T>
Status ReadNumber(const Properties& properties, std::string_view key, T& out) {
  const auto found = properties.find(key);
  if (found == properties.end()) return {};
  const std::string& text = found->second;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < T{}) {
    return Fail(ErrorCode::kInvalidTable, "a table property is not a number: {}={}", key, text);
  }
  out = value;
  return {};
}

Result<MetricsMode> ModeFromText(std::string_view key, std::string_view text) {
  if (text == "none") return MetricsMode{.counts = false, .bounds_length = 0};
  if (text == "counts") return MetricsMode{.bounds_length = 0};
  if (text == "full") return MetricsMode{.bounds_length = MetricsMode::kFull};
  int32_t length = 0;
  if (text.starts_with("truncate(") && text.ends_with(")")) {
    const std::string_view number = text.substr(9, text.size() - 10);
    std::from_chars(number.data(), number.data() + number.size(), length);
  }
  if (length <= 0) {
    return Fail(ErrorCode::kInvalidTable, "a table property is no metrics mode: {}={}", key, text);
  }
  return MetricsMode{.bounds_length = length};
}

}  // namespace

Result<ParquetWriterOptions> ParquetWriterOptions::FromProperties(const Properties& properties) {
  ParquetWriterOptions options;
  RETURN_IF_ERROR(
      ReadNumber(properties, "write.parquet.row-group-size-bytes", options.row_group_bytes));
  RETURN_IF_ERROR(ReadNumber(properties, "write.parquet.page-size-bytes", options.page_bytes));
  RETURN_IF_ERROR(
      ReadNumber(properties, "write.parquet.dict-size-bytes", options.dictionary_bytes));
  RETURN_IF_ERROR(
      ReadNumber(properties, "write.parquet.compression-level", options.compression_level));
  if (const auto codec = properties.find("write.parquet.compression-codec");
      codec != properties.end()) {
    options.compression = codec->second;
  }
  for (const auto& [key, value] : properties) {
    const std::string_view name = key;
    if (name == "write.metadata.metrics.default") {
      ASSIGN_OR_RETURN(options.metrics, ModeFromText(key, value));
    } else if (name.starts_with(kColumnMetrics)) {
      ASSIGN_OR_RETURN(options.column_metrics[std::string(name.substr(kColumnMetrics.size()))],
                       ModeFromText(key, value));
    } else if (name.starts_with(kBloomFilter) && value == "true") {
      options.bloom_filter_columns.emplace_back(name.substr(kBloomFilter.size()));
    }
  }
  return options;
}

}  // namespace weir::iceberg
