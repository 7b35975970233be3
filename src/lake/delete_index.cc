#include "lake/delete_index.h"

#include <algorithm>

#include "base/endian.h"
#include "lake/table_metadata.h"

namespace weir::iceberg {
namespace {

/// Field id of file_path in position delete files.
constexpr int32_t kDeletePathField = 2147483546;

std::string PartitionKey(const DataFile& file) {
  std::string key;
  AppendLe<int32_t>(key, file.spec_id);
  for (const auto& value : file.partition) {
    const std::string bytes = value ? ToBinary(*value) : std::string();
    key += value ? '\x01' : '\x00';
    AppendLe<uint64_t>(key, bytes.size());
    key += bytes;
  }
  return key;
}

bool PathInBounds(const DataFile& deletes, const std::string& path) {
  const auto lower = deletes.lower_bounds.find(kDeletePathField);
  const auto upper = deletes.upper_bounds.find(kDeletePathField);
  if (lower != deletes.lower_bounds.end() && lower->second > path) return false;
  return upper == deletes.upper_bounds.end() || upper->second >= path;
}

}  // namespace

std::optional<std::string> ReferencedDataFile(const DataFile& file) {
  if (file.referenced_data_file) return file.referenced_data_file;
  const auto lower = file.lower_bounds.find(kDeletePathField);
  const auto upper = file.upper_bounds.find(kDeletePathField);
  if (lower == file.lower_bounds.end() || upper == file.upper_bounds.end()) return std::nullopt;
  if (lower->second != upper->second) return std::nullopt;
  return lower->second;
}

void DeleteIndex::Add(DeleteFile file) {
  auto shared = std::make_shared<const DeleteFile>(std::move(file));
  const DataFile& deletes = shared->file;
  if (deletes.content == FileContent::kEqualityDeletes) {
    const PartitionSpec* spec = table_.FindSpec(deletes.spec_id);
    if (spec == nullptr || spec->is_unpartitioned()) {
      equality_everywhere_.push_back(std::move(shared));
    } else {
      equality_by_partition_[PartitionKey(deletes)].push_back(std::move(shared));
    }
    return;
  }
  const auto path = ReferencedDataFile(deletes);
  if (deletes.is_deletion_vector() && path) {
    // There is one at most; should a writer have left two, the younger holds the older's positions too.
    auto& slot = deletion_vectors_[*path];
    if (!slot || slot->sequence_number < shared->sequence_number) slot = std::move(shared);
  } else if (path) {
    positions_by_path_[*path].push_back(std::move(shared));
  } else {
    positions_by_partition_[PartitionKey(deletes)].push_back(std::move(shared));
  }
}

std::vector<std::shared_ptr<const DeleteFile>> DeleteIndex::For(const DataFile& data,
                                                                int64_t sequence_number) const {
  Files out;
  const auto take = [&](const Files& files, int64_t age_min) {
    for (const auto& file : files) {
      if (file->sequence_number >= age_min) out.push_back(file);
    }
  };
  const std::string partition = PartitionKey(data);
  take(equality_everywhere_, sequence_number + 1);
  if (const auto found = equality_by_partition_.find(partition);
      found != equality_by_partition_.end()) {
    take(found->second, sequence_number + 1);
  }
  const auto vector = deletion_vectors_.find(data.file_path);
  if (vector != deletion_vectors_.end() && vector->second->sequence_number >= sequence_number) {
    out.push_back(vector->second);
  } else {
    if (const auto found = positions_by_path_.find(data.file_path);
        found != positions_by_path_.end()) {
      take(found->second, sequence_number);
    }
    if (const auto found = positions_by_partition_.find(partition);
        found != positions_by_partition_.end()) {
      Files near;
      std::ranges::copy_if(found->second, std::back_inserter(near), [&](const auto& file) {
        return PathInBounds(file->file, data.file_path);
      });
      take(near, sequence_number);
    }
  }
  std::ranges::sort(out, {}, [](const auto& file) { return file->sequence_number; });
  return out;
}

}  // namespace weir::iceberg
