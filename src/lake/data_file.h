// A file of a table as its manifests describe it: data, position deletes, equality deletes or one deletion
// vector inside a Puffin file. Numbers and field names are those of the Iceberg specification, "Manifests".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/partition_spec.h"

namespace weir::iceberg {

enum class FileContent : int32_t { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };
enum class FileFormat { kParquet, kAvro, kOrc, kPuffin };

/// "parquet"; manifests hold it in capitals, REST in small letters, readers take both.
std::string_view Name(FileFormat format);
Result<FileFormat> FileFormatFromName(std::string_view name);

/// "data", "position-deletes", "equality-deletes".
std::string_view Name(FileContent content);

struct DataFile {
  FileContent content = FileContent::kData;
  std::string file_path;
  FileFormat format = FileFormat::kParquet;
  /// Of the manifest it stands in.
  int32_t spec_id = 0;
  PartitionValues partition;
  int64_t record_count = 0;
  int64_t file_size_bytes = 0;

  // By field id. Bounds are in the single-value binary form (lake/literal.h); a missing one is unknown.
  std::map<int32_t, int64_t> column_sizes;
  std::map<int32_t, int64_t> value_counts;
  std::map<int32_t, int64_t> null_value_counts;
  std::map<int32_t, int64_t> nan_value_counts;
  std::map<int32_t, std::string> lower_bounds;
  std::map<int32_t, std::string> upper_bounds;

  std::optional<std::string> key_metadata;
  std::vector<int64_t> split_offsets;
  std::vector<int32_t> equality_ids;
  std::optional<int32_t> sort_order_id;
  /// v3: row id of the file's first row; inherited when the file is new.
  std::optional<int64_t> first_row_id;
  /// The one data file that this delete file is about. Always there for a deletion vector.
  std::optional<std::string> referenced_data_file;
  /// Where a deletion vector lies in its Puffin file.
  std::optional<int64_t> content_offset;
  std::optional<int64_t> content_size_bytes;

  bool is_deletion_vector() const { return format == FileFormat::kPuffin; }

  friend bool operator==(const DataFile&, const DataFile&) = default;
};

/// What names a file within a snapshot: several deletion vectors share one path.
struct FileKey {
  std::string path;
  int64_t content_offset = -1;

  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};

FileKey KeyOf(const DataFile& file);

}  // namespace weir::iceberg
