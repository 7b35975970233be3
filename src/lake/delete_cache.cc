#include "lake/delete_cache.h"

#include <utility>

#include "lake/deletion_vector.h"

namespace weir::iceberg {

DeleteCache::DeleteCache(FileIo& io, DeleteLimits limits)
    : state_(std::make_unique<State>(io, limits)) {}
DeleteCache::~DeleteCache() = default;

std::shared_ptr<DeleteCache::State::Entry> DeleteCache::State::EntryOf(Key key) {
  std::lock_guard lock(mutex_);
  auto& entry = entries_[std::move(key)];
  if (entry == nullptr) entry = std::make_shared<Entry>();
  return entry;
}

Status DeleteCache::State::Spend(int64_t bytes, const DataFile& file) {
  std::lock_guard lock(mutex_);
  memory_bytes_ += bytes;
  if (memory_bytes_ <= limits.memory_bytes_max) return {};
  return Fail(ErrorCode::kRecordTooLarge, "deletes need too much memory: path={} bytes_max={}",
              file.file_path, limits.memory_bytes_max);
}

Result<std::shared_ptr<const DeletedRows>> DeleteCache::State::Positions(const DataFile& file) {
  const auto entry = EntryOf({file.file_path, file.content_offset.value_or(-1), {}});
  std::lock_guard lock(entry->mutex);
  if (entry->positions != nullptr) return entry->positions;
  auto rows = std::make_shared<DeletedRows>();
  if (file.is_deletion_vector()) {
    ASSIGN_OR_RETURN((*rows)[file.referenced_data_file.value_or("")], ReadDeletionVector(io, file));
  } else {
    ASSIGN_OR_RETURN(*rows, ReadPositionDeletes(io, file, {}, limits.memory_bytes_max));
  }
  int64_t bytes = 0;
  for (const auto& [path, positions] : *rows) {
    bytes += static_cast<int64_t>(path.size()) + positions.memory_bytes();
  }
  RETURN_IF_ERROR(Spend(bytes, file));
  entry->positions = std::move(rows);
  return entry->positions;
}

Result<std::shared_ptr<const DeletedKeys>> DeleteCache::State::Keys(const DataFile& file,
                                                                    const Schema& schema) {
  const auto entry = EntryOf({file.file_path, -1, file.equality_ids});
  std::lock_guard lock(entry->mutex);
  if (entry->keys != nullptr) return entry->keys;
  ASSIGN_OR_RETURN(DeletedKeys keys,
                   ReadEqualityDeletes(io, file, schema, limits.memory_bytes_max));
  RETURN_IF_ERROR(Spend(keys.memory_bytes, file));
  entry->keys = std::make_shared<const DeletedKeys>(std::move(keys));
  return entry->keys;
}

}  // namespace weir::iceberg
