#include "lake/compaction_files.h"

#include <set>

#include "lake/deletion_vector.h"
#include "lake/file_io.h"
#include "lake/manifest.h"

namespace weir::iceberg {

std::string CompactionFiles::NewPath(int32_t spec_id, const PartitionValues& partition,
                                     std::string_view suffix) {
  const PartitionSpec* spec = request_.table.FindSpec(spec_id);
  const std::string path = spec == nullptr ? std::string() : PartitionPath(*spec, partition);
  const std::string folder = path.empty() ? request_.folder : request_.folder + "/" + path;
  written_.push_back(folder + "/" + request_.new_name() + std::string(suffix));
  return written_.back();
}

Result<std::vector<DataFile>> CompactionFiles::WriteDeletes(int32_t spec_id,
                                                            const PartitionValues& partition,
                                                            const DeletedRows& rows) {
  std::vector<DataFile> files;
  if (rows.empty()) return files;
  if (request_.table.format_version >= 3) {
    ASSIGN_OR_RETURN(files, WriteDeletionVectors(
                                request_.io, NewPath(spec_id, partition, "-deletes.puffin"), rows));
  } else {
    for (const auto& [path, positions] : rows) {
      ASSIGN_OR_RETURN(
          files.emplace_back(),
          WritePositionDeletes(request_.io, NewPath(spec_id, partition, "-deletes.parquet"),
                               {{path, positions}}));
    }
  }
  for (DataFile& file : files) {
    file.spec_id = spec_id;
    file.partition = partition;
  }
  return files;
}

Result<std::vector<DeleteFile>> LiveDeletes(FileIo& io, const TableMetadata& table) {
  std::vector<DeleteFile> live;
  const Snapshot* snapshot = table.current_snapshot();
  if (snapshot == nullptr) return live;
  ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(io, *snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kDeletes) continue;
    ASSIGN_OR_RETURN(auto entries, ReadManifest(io, manifest, table));
    for (ManifestEntry& entry : entries) {
      if (entry.is_live())
        live.push_back({std::move(entry.file), entry.sequence_number.value_or(0)});
    }
  }
  return live;
}

std::vector<FileKey> IdleDeletes(const std::vector<DeleteFile>& live, const ScanPlan& scan,
                                 const Compacted& compacted) {
  std::set<std::string_view> rewritten;
  for (const RewrittenFile& file : compacted.rewritten)
    rewritten.insert(file.task.data_file.file_path);
  std::set<FileKey> needed;
  for (const FileScanTask& task : scan.tasks) {
    if (rewritten.contains(task.data_file.file_path)) continue;
    for (const auto& one : task.deletes) needed.insert(KeyOf(one->file));
  }
  std::vector<FileKey> idle;
  for (const DeleteFile& one : live) {
    // Deletes by value that are younger than what was read are about the new files.
    const bool young = one.file.content == FileContent::kEqualityDeletes &&
                       one.sequence_number > compacted.base_sequence_number;
    if (!young && !needed.contains(KeyOf(one.file))) idle.push_back(KeyOf(one.file));
  }
  return idle;
}

}  // namespace weir::iceberg
