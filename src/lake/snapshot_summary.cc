#include "lake/snapshot_summary.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::iceberg {
namespace {

std::optional<int64_t> NumberIn(const Summary& summary, std::string_view key) {
  const auto found = summary.find(key);
  if (found == summary.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || number < 0) return std::nullopt;
  return number;
}

void WriteCount(Summary& summary, const char* key, int64_t count) {
  if (count > 0) summary[key] = fmt::format("{}", count);
}

void WriteTotal(const Snapshot* parent, Summary& summary, const char* key, int64_t added,
                int64_t removed) {
  const auto before = parent == nullptr ? 0 : NumberIn(parent->summary, key);
  summary.erase(key);
  if (!before || *before + added < removed) return;
  summary[key] = fmt::format("{}", *before + added - removed);
}

}  // namespace

void SnapshotSummary::Side::Count(const DataFile& file) {
  files_bytes +=
      file.is_deletion_vector() ? file.content_size_bytes.value_or(0) : file.file_size_bytes;
  switch (file.content) {
    case FileContent::kData:
      ++data_files;
      records += file.record_count;
      return;
    case FileContent::kPositionDeletes:
      ++delete_files;
      ++(file.is_deletion_vector() ? deletion_vectors : position_delete_files);
      position_deletes += file.record_count;
      return;
    case FileContent::kEqualityDeletes:
      ++delete_files;
      ++equality_delete_files;
      equality_deletes += file.record_count;
      return;
  }
}

void SnapshotSummary::Added(const DataFile& file, const PartitionSpec& spec) {
  added_.Count(file);
  partitions_.insert(fmt::format("{}:{}", spec.spec_id, PartitionPath(spec, file.partition)));
}

void SnapshotSummary::Removed(const DataFile& file, const PartitionSpec& spec) {
  removed_.Count(file);
  partitions_.insert(fmt::format("{}:{}", spec.spec_id, PartitionPath(spec, file.partition)));
}

void SnapshotSummary::WriteTo(const Snapshot* parent, Summary& summary) const {
  WriteCount(summary, "added-files-size", added_.files_bytes);
  WriteCount(summary, "removed-files-size", removed_.files_bytes);
  WriteCount(summary, "added-data-files", added_.data_files);
  WriteCount(summary, "deleted-data-files", removed_.data_files);
  WriteCount(summary, "added-records", added_.records);
  WriteCount(summary, "deleted-records", removed_.records);
  WriteCount(summary, "added-delete-files", added_.delete_files);
  WriteCount(summary, "removed-delete-files", removed_.delete_files);
  WriteCount(summary, "added-position-delete-files", added_.position_delete_files);
  WriteCount(summary, "removed-position-delete-files", removed_.position_delete_files);
  WriteCount(summary, "added-dvs", added_.deletion_vectors);
  WriteCount(summary, "removed-dvs", removed_.deletion_vectors);
  WriteCount(summary, "added-position-deletes", added_.position_deletes);
  WriteCount(summary, "removed-position-deletes", removed_.position_deletes);
  WriteCount(summary, "added-equality-delete-files", added_.equality_delete_files);
  WriteCount(summary, "removed-equality-delete-files", removed_.equality_delete_files);
  WriteCount(summary, "added-equality-deletes", added_.equality_deletes);
  WriteCount(summary, "removed-equality-deletes", removed_.equality_deletes);
  summary["changed-partition-count"] = fmt::format("{}", partitions_.size());
  summary["manifests-created"] = fmt::format("{}", manifests_created);
  summary["manifests-kept"] = fmt::format("{}", manifests_kept);
  summary["manifests-replaced"] = fmt::format("{}", manifests_replaced);
  summary["entries-processed"] = fmt::format("{}", entries_processed);
  WriteTotal(parent, summary, "total-records", added_.records, removed_.records);
  WriteTotal(parent, summary, "total-files-size", added_.files_bytes, removed_.files_bytes);
  WriteTotal(parent, summary, "total-data-files", added_.data_files, removed_.data_files);
  WriteTotal(parent, summary, "total-delete-files", added_.delete_files, removed_.delete_files);
  WriteTotal(parent, summary, "total-position-deletes", added_.position_deletes,
             removed_.position_deletes);
  WriteTotal(parent, summary, "total-equality-deletes", added_.equality_deletes,
             removed_.equality_deletes);
}

}  // namespace weir::iceberg
