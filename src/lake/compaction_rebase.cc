#include "lake/compaction_rebase.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "lake/compaction_files.h"
#include "lake/deletion_vector.h"
#include "lake/file_io.h"

namespace weir::iceberg {
namespace {

using Deletes = std::map<FileKey, const DeleteFile*>;

/// The deletes of a task: those by value, or those by position.
Deletes DeletesOf(const FileScanTask& task, FileContent content) {
  Deletes out;
  for (const auto& one : task.deletes) {
    if (one->file.content == content) out.emplace(KeyOf(one->file), one.get());
  }
  return out;
}

/// Whether all of `some` are in `others`.
bool AreIn(const Deletes& some, const Deletes& others) {
  return std::ranges::all_of(some, [&](const auto& one) { return others.contains(one.first); });
}

bool IsSame(const FileScanTask& a, const FileScanTask& b) {
  return KeyOf(a.data_file) == KeyOf(b.data_file) && a.sequence_number == b.sequence_number &&
         a.data_file.spec_id == b.data_file.spec_id &&
         a.data_file.partition == b.data_file.partition;
}

class Rebase {
 public:
  Rebase(const CompactionRequest& request, const Compacted& compacted, const TableMetadata& now,
         std::vector<std::string>& written)
      : request_(request), compacted_(compacted), now_(now), files_(request, written) {}

  Result<std::optional<RebasedCompaction>> Run() {
    constexpr std::optional<RebasedCompaction> kNothing;
    const Snapshot* head = now_.current_snapshot();
    if (head == nullptr || now_.table_uuid != request_.table.table_uuid ||
        now_.location != request_.table.location ||
        now_.format_version != request_.table.format_version)
      return kNothing;
    out_.change = compacted_.change;
    if (head->snapshot_id == compacted_.base_snapshot_id) return std::move(out_);
    ASSIGN_OR_RETURN(const ScanPlan scan, PlanScan(request_.io, now_, *head, {}));
    for (const FileScanTask& task : scan.tasks) tasks_.emplace(task.data_file.file_path, &task);
    for (const RewrittenFile& file : compacted_.rewritten) {
      ASSIGN_OR_RETURN(const bool fits, Follow(file));
      if (!fits) return kNothing;
    }
    for (const FileScanTask& task : compacted_.merged) {
      if (!MergeFits(task)) return kNothing;
    }
    ASSIGN_OR_RETURN(const bool found, FindRemoved(scan));
    if (!found) return kNothing;
    RETURN_IF_ERROR(WriteDeletes());
    return std::move(out_);
  }

 private:
  const FileScanTask* TaskOf(const FileScanTask& before) const {
    const auto found = tasks_.find(before.data_file.file_path);
    return found != tasks_.end() && IsSame(*found->second, before) ? found->second : nullptr;
  }

  /// Carry over what was deleted of a rewritten file. Whether that can be done.
  Result<bool> Follow(const RewrittenFile& file) {
    const FileScanTask* const task = TaskOf(file.task);
    if (task == nullptr) return false;
    const Deletes values_before = DeletesOf(file.task, FileContent::kEqualityDeletes);
    const Deletes values = DeletesOf(*task, FileContent::kEqualityDeletes);
    if (!AreIn(values_before, values)) return false;
    for (const auto& [key, one] : values) {
      if (values_before.contains(key)) continue;
      if (one->sequence_number <= compacted_.base_sequence_number) return false;
      out_.deletes_by_value = true;
    }
    const Deletes before = DeletesOf(file.task, FileContent::kPositionDeletes);
    const Deletes deletes = DeletesOf(*task, FileContent::kPositionDeletes);
    RowPositions gone;
    if (AreIn(before, deletes)) {
      for (const auto& [key, one] : deletes) {
        if (!before.contains(key)) RETURN_IF_ERROR(Read(*one, *task, gone));
      }
    } else {
      // Others stand for those that went, such as a newer vector. No row may have come back.
      for (const auto& [key, one] : deletes) RETURN_IF_ERROR(Read(*one, *task, gone));
      if (!values_before.empty() || !gone.ContainsAll(file.left_out)) return false;
    }
    if (gone.size() > task->data_file.record_count) return false;  // damaged
    Translate(file, gone);
    return true;
  }

  Status Read(const DeleteFile& deletes, const FileScanTask& task, RowPositions& gone) const {
    const std::string& path = task.data_file.file_path;
    if (deletes.file.is_deletion_vector()) {
      RETURN_IF_ERROR(CheckVectorFits(deletes.file, task.data_file));
      ASSIGN_OR_RETURN(const RowPositions rows, ReadDeletionVector(request_.io, deletes.file));
      gone.AddAll(rows);
      return {};
    }
    ASSIGN_OR_RETURN(const DeletedRows rows, ReadPositionDeletes(request_.io, deletes.file, path));
    if (const auto found = rows.find(path); found != rows.end()) gone.AddAll(found->second);
    return {};
  }

  void Translate(const RewrittenFile& file, const RowPositions& gone) {
    auto run = file.runs.begin();
    int64_t run_begin = 0;  // its first row among all that were kept
    for (const int64_t position : gone.ToVector()) {
      if (file.left_out.Contains(position)) continue;
      const int64_t rank = position - file.left_out.CountBelow(position);
      for (; run != file.runs.end() && rank >= run_begin + run->rows; ++run) run_begin += run->rows;
      if (run == file.runs.end()) return;  // behind the last row of the file
      out_.deleted[run->path].Add(run->first_row + rank - run_begin);
    }
  }

  /// Delete files that came meanwhile stand beside merged ones, but a data file has one vector at most.
  bool MergeFits(const FileScanTask& before) const {
    const FileScanTask* const task = TaskOf(before);
    if (task == nullptr) return false;
    const Deletes old = DeletesOf(before, FileContent::kPositionDeletes);
    const Deletes deletes = DeletesOf(*task, FileContent::kPositionDeletes);
    return AreIn(old, deletes) && (now_.format_version < 3 || old.size() == deletes.size());
  }

  Result<bool> FindRemoved(const ScanPlan& scan) {
    ASSIGN_OR_RETURN(const auto live, LiveDeletes(request_.io, now_));
    std::set<FileKey> removed(compacted_.merged_files.begin(), compacted_.merged_files.end());
    std::set<FileKey> there;
    for (const DeleteFile& one : live) there.insert(KeyOf(one.file));
    if (!std::ranges::includes(there, removed)) return false;
    for (const RewrittenFile& file : compacted_.rewritten)
      removed.insert(KeyOf(file.task.data_file));
    if (!compacted_.rewritten.empty()) {
      for (const FileKey& idle : IdleDeletes(live, scan, compacted_)) removed.insert(idle);
    }
    out_.change.removed.assign(removed.begin(), removed.end());
    return true;
  }

  Status WriteDeletes() {
    struct Partition {
      const DataFile* file = nullptr;
      DeletedRows rows;
    };
    std::vector<Partition> partitions;
    for (const DataFile& file : compacted_.change.added) {
      const auto rows = out_.deleted.find(file.file_path);
      if (rows == out_.deleted.end()) continue;
      auto at = std::ranges::find_if(partitions, [&](const Partition& one) {
        return one.file->spec_id == file.spec_id && one.file->partition == file.partition;
      });
      if (at == partitions.end()) at = partitions.insert(at, {.file = &file});
      at->rows.emplace(*rows);
    }
    for (const Partition& one : partitions) {
      ASSIGN_OR_RETURN(auto added,
                       files_.WriteDeletes(one.file->spec_id, one.file->partition, one.rows));
      for (DataFile& file : added) out_.change.added.push_back(std::move(file));
    }
    return {};
  }

  const CompactionRequest& request_;
  const Compacted& compacted_;
  const TableMetadata& now_;
  CompactionFiles files_;
  std::map<std::string_view, const FileScanTask*> tasks_;  // of now, by data file
  RebasedCompaction out_;
};

}  // namespace

Result<std::optional<RebasedCompaction>> RebaseCompaction(const CompactionRequest& request,
                                                          const Compacted& compacted,
                                                          const TableMetadata& now,
                                                          std::vector<std::string>& written) {
  return Rebase(request, compacted, now, written).Run();
}

}  // namespace weir::iceberg
