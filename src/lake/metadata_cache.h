// Metadata files of tables, parsed. A location never gets other content, so what is here is true.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "lake/file_io.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {

/// Parsed metadata by location, the ones used last. Thread-safe.
class MetadataCache {
 public:
  explicit MetadataCache(int64_t bytes_max) : bytes_max_(bytes_max) {}
  std::shared_ptr<const TableMetadata> Find(const std::string& location);
  void Put(const std::string& location, std::shared_ptr<const TableMetadata> metadata,
           int64_t bytes);
  /// From memory, else from the file.
  Result<std::shared_ptr<const TableMetadata>> Read(FileIo& files, const std::string& location);

 private:
  struct Entry {
    std::string location;
    std::shared_ptr<const TableMetadata> metadata;
    int64_t bytes = 0;
  };
  const int64_t bytes_max_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // used last in front
  std::map<std::string, std::list<Entry>::iterator, std::less<>> by_location_;
  int64_t bytes_ = 0;
};

}  // namespace weir::iceberg
