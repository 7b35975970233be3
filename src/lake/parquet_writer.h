// Writes record batches as one Parquet data file and says about it what a manifest wants to know.
//
//   ASSIGN_OR_RETURN(auto writer, ParquetWriter::Open(io, location, schema, options));
//   RETURN_IF_ERROR(writer->Write(*batch));
//   ASSIGN_OR_RETURN(DataFile file, writer->Finish());   // partition and spec are the caller's to fill in
//
// A writer destroyed before Finish() leaves no file. One thread.
// Physical types, list and map layout: Iceberg specification, appendix A "Parquet".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/data_file.h"
#include "lake/schema.h"

namespace arrow {
class RecordBatch;
}

namespace weir::iceberg {

class FileIo;

/// Which statistics of a column go into manifests (write.metadata.metrics.*).
struct MetricsMode {
  bool counts = true;
  /// Longest bound of strings (code points) and binaries (bytes): 0 = no bounds, kFull = never cut.
  int32_t bounds_length = 16;

  static constexpr int32_t kFull = INT32_MAX;
  friend bool operator==(const MetricsMode&, const MetricsMode&) = default;
};

struct ParquetWriterOptions {
  /// Begin a new row group when the rows of the current one take this many bytes as Arrow; bounds the memory of a
  /// writer, which holds a whole row group in encoded form.
  int64_t row_group_bytes = 128 * MiB;
  int64_t page_bytes = 1 * MiB;
  int64_t dictionary_bytes = 1 * MiB;
  std::string compression = "zstd";  // zstd, snappy, gzip, lz4, brotli, uncompressed
  int32_t compression_level = 0;     // 0 = the codec's own default
  bool page_index = true;
  /// Top-level columns whose values hardly ever repeat: a dictionary would only make them larger.
  std::vector<std::string> unique_columns;
  /// Full column names; top level or nested in structs.
  std::vector<std::string> bloom_filter_columns;
  double bloom_filter_fpp = 0.01;
  MetricsMode metrics;
  std::map<std::string, MetricsMode> column_metrics;  // by full name
  std::map<std::string, std::string> key_values;      // into the footer

  /// From table properties (write.parquet.*, write.metadata.metrics.*); what is not there keeps its default.
  /// Errors  kInvalidTable  a value that is not of its kind
  static Result<ParquetWriterOptions> FromProperties(
      const std::map<std::string, std::string, std::less<>>& properties);
};

class ParquetWriter {
 public:
  virtual ~ParquetWriter() = default;

  /// Errors  kInvalidTable  a type that Parquet files of ours cannot hold; those of FileIo
  static Result<std::unique_ptr<ParquetWriter>> Open(FileIo& io, const std::string& location,
                                                     const Schema& schema,
                                                     ParquetWriterOptions options = {});

  /// Append rows. Columns stand in the order of the schema, with the types of arrow_types.h; names do not matter.
  /// Errors  kInvalidTable  columns of other types, or a null in a required column; those of FileIo
  virtual Status Write(const arrow::RecordBatch& batch) = 0;

  virtual int64_t rows() const = 0;
  /// Bytes in the file so far, with an estimate for the row group that is still open.
  virtual int64_t bytes() const = 0;

  /// Write the footer and make the file visible. The result has content data, the path, counts, sizes, bounds and
  /// split offsets. Nothing else may be called afterwards.
  virtual Result<DataFile> Finish() = 0;
};

}  // namespace weir::iceberg
