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
  /// Of one table: the version that is current and the one being committed.
  static constexpr int kVersionsMax = 2;
  /// Memory that a byte of JSON takes once it is parsed, about: many short texts in maps.
  static constexpr int64_t kMemoryPerJsonByte = 4;

  /// bytes_max  of memory; the last one used stays, however large it is
  explicit MetadataCache(int64_t bytes_max) : bytes_max_(bytes_max) {}
  std::shared_ptr<const TableMetadata> Find(const std::string& location);
  void Put(const std::string& location, std::shared_ptr<const TableMetadata> metadata,
           size_t json_bytes);
  /// From memory, else from the file.
  Result<std::shared_ptr<const TableMetadata>> Read(FileIo& files, const std::string& location);

 private:
  struct Entry {
    std::string location;
    std::shared_ptr<const TableMetadata> metadata;
    int64_t bytes = 0;
  };
  using Entries = std::list<Entry>;
  void Drop(Entries::iterator entry);

  const int64_t bytes_max_;
  std::mutex mutex_;
  Entries entries_;  // used last in front
  std::map<std::string, Entries::iterator, std::less<>> by_location_;
  int64_t bytes_ = 0;
};

}  // namespace weir::iceberg
