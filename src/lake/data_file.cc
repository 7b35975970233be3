#include "lake/data_file.h"

#include <algorithm>
#include <cctype>

namespace weir::iceberg {

std::string_view Name(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return "parquet";
    case FileFormat::kAvro:
      return "avro";
    case FileFormat::kOrc:
      return "orc";
    case FileFormat::kPuffin:
      return "puffin";
  }
  return "parquet";
}

Result<FileFormat> FileFormatFromName(std::string_view name) {
  std::string small(name);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const FileFormat format :
       {FileFormat::kParquet, FileFormat::kAvro, FileFormat::kOrc, FileFormat::kPuffin}) {
    if (Name(format) == small) return format;
  }
  return Fail(ErrorCode::kCorruptRecord, "file format is unknown: format={}", name);
}

std::string_view Name(FileContent content) {
  switch (content) {
    case FileContent::kData:
      return "data";
    case FileContent::kPositionDeletes:
      return "position-deletes";
    case FileContent::kEqualityDeletes:
      return "equality-deletes";
  }
  return "data";
}

FileKey KeyOf(const DataFile& file) { return {file.file_path, file.content_offset.value_or(-1)}; }

}  // namespace weir::iceberg
