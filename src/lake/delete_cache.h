// What DeleteCache of table_reader.h holds. For table_reader.cc and delete_cache.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "lake/equality_deletes.h"
#include "lake/position_deletes.h"
#include "lake/table_reader.h"

namespace weir::iceberg {

/// Thread-safe; a file is read once, by the first who asks, while others who want the same wait.
struct DeleteCache::State {
  State(FileIo& io_, DeleteLimits limits_) : io(io_), limits(limits_) {}

  /// Positions in position delete files and deletion vectors, by data file.
  Result<std::shared_ptr<const DeletedRows>> Positions(const DataFile& file);
  Result<std::shared_ptr<const DeletedKeys>> Keys(const DataFile& file, const Schema& schema);

  FileIo& io;
  const DeleteLimits limits;

 private:
  struct Entry {
    std::mutex mutex;
    std::shared_ptr<const DeletedRows> positions;
    std::shared_ptr<const DeletedKeys> keys;
  };
  /// Path, place of a deletion vector, columns of equality deletes.
  using Key = std::tuple<std::string, int64_t, std::vector<int32_t>>;

  std::shared_ptr<Entry> EntryOf(Key key);
  Status Spend(int64_t bytes, const DataFile& file);

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  int64_t memory_bytes_ = 0;
};

}  // namespace weir::iceberg
