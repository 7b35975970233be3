// Which delete files of a snapshot apply to a data file. Source: Iceberg specification, "Scan Planning". Filled once,
// then asked; for scan_planner.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/scan_planner.h"

namespace weir::iceberg {

/// The one data file that position deletes are about, as the file says or as its bounds say; nothing: several, perhaps.
std::optional<std::string> ReferencedDataFile(const DataFile& deletes);

class DeleteIndex {
 public:
  explicit DeleteIndex(const TableMetadata& table) : table_(table) {}

  void Add(DeleteFile file);

  /// What applies to a data file of this age, in the order of sequence numbers.
  std::vector<std::shared_ptr<const DeleteFile>> For(const DataFile& data,
                                                     int64_t sequence_number) const;

 private:
  using Files = std::vector<std::shared_ptr<const DeleteFile>>;

  const TableMetadata& table_;
  /// By the data file they are about.
  std::map<std::string, std::shared_ptr<const DeleteFile>, std::less<>> deletion_vectors_;
  std::map<std::string, Files, std::less<>> positions_by_path_;
  /// By spec and partition values.
  std::map<std::string, Files> positions_by_partition_;
  std::map<std::string, Files> equality_by_partition_;
  /// Equality deletes of an unpartitioned spec apply everywhere.
  Files equality_everywhere_;
};

}  // namespace weir::iceberg
