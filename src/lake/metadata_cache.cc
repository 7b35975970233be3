#include "lake/metadata_cache.h"

#include <iterator>
#include <utility>

namespace weir::iceberg {

std::shared_ptr<const TableMetadata> MetadataCache::Find(const std::string& location) {
  const std::lock_guard lock(mutex_);
  const auto found = by_location_.find(location);
  if (found == by_location_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().metadata;
}

void MetadataCache::Put(const std::string& location, std::shared_ptr<const TableMetadata> metadata,
                        size_t json_bytes) {
  const std::lock_guard lock(mutex_);
  if (by_location_.contains(location)) return;
  const std::string table = metadata->table_uuid;
  const int64_t bytes = kMemoryPerJsonByte * static_cast<int64_t>(json_bytes);
  entries_.push_front({location, std::move(metadata), bytes});
  by_location_[location] = entries_.begin();
  bytes_ += bytes;
  int versions = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto one = entry++;
    if (one->metadata->table_uuid == table && ++versions > kVersionsMax) Drop(one);
  }
  while (bytes_ > bytes_max_ && entries_.size() > 1) Drop(std::prev(entries_.end()));
}

void MetadataCache::Drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_location_.erase(entry->location);
  entries_.erase(entry);
}

Result<std::shared_ptr<const TableMetadata>> MetadataCache::Read(FileIo& files,
                                                                 const std::string& location) {
  if (auto found = Find(location)) return found;
  ASSIGN_OR_RETURN(const std::string text, files.ReadAll(location, kMetadataBytesMax));
  auto metadata = TableMetadataFromJsonText(text);
  if (!metadata.ok())
    return Fail(metadata.code(), "{}: location={}", metadata.error().message, location);
  auto out = std::make_shared<const TableMetadata>(*std::move(metadata));
  Put(location, out, text.size());
  return out;
}

}  // namespace weir::iceberg
