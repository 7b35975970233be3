// Writes the rows of one bucket into data files of about one size. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tiering/hot_tail.h"

namespace weir {

class TailFiles {
 public:
  /// folder  of the bucket's partition
  TailFiles(const TailRequest& request, std::string folder, iceberg::PartitionValues partition,
            std::vector<std::string>& written)
      : request_(request),
        folder_(std::move(folder)),
        partition_(std::move(partition)),
        written_(written) {}

  /// Append rows, perhaps to a new file.
  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows);

  /// The file and row that the next row will be; begins a file when there is none.
  struct Place {
    std::string path;
    int64_t row = 0;
  };
  Result<Place> Next();

  /// Finish all files.
  Result<std::vector<iceberg::DataFile>> Finish();

 private:
  Status Open();
  Status Close();
  Status WritePending();

  const TailRequest& request_;
  const std::string folder_;
  const iceberg::PartitionValues partition_;
  std::vector<std::string>& written_;
  std::unique_ptr<iceberg::ParquetWriter> writer_;
  std::string path_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;  // small ones wait for each other
  int64_t pending_rows_ = 0;
  std::vector<iceberg::DataFile> done_;
};

}  // namespace weir
