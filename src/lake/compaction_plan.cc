#include <algorithm>
#include <map>
#include <tuple>

#include "lake/compaction.h"

namespace weir::iceberg {
namespace {

/// Files at least this share of the target are left alone for their size.
constexpr double kLargeShare = 0.75;
/// A file joins others when it is at most this many times what they are together.
constexpr int64_t kGrowth = 4;
/// Files below this are all of one size.
constexpr int64_t kTinyBytes = 1 * MiB;

/// Spec and values of a partition as a map's key; null is not the text "null".
std::string PartitionKey(const DataFile& file) {
  std::string key = std::to_string(file.spec_id);
  for (const auto& value : file.partition) {
    const std::string bytes = value ? ToBinary(*value) : std::string();
    key += value ? fmt::format("/{}:", bytes.size()) + bytes : std::string("/-");
  }
  return key;
}

int64_t DeletedRows(const FileScanTask& task) {
  int64_t rows = 0;
  for (const auto& one : task.deletes) {
    // Of a file about several data files nobody knows how many rows are this one's.
    if (one->file.referenced_data_file || one->file.is_deletion_vector()) {
      rows += one->file.record_count;
    }
  }
  return std::min(rows, task.data_file.record_count);
}

int64_t PositionDeleteFiles(const FileScanTask& task) {
  return std::count_if(task.deletes.begin(), task.deletes.end(), [](const auto& one) {
    return one->file.content == FileContent::kPositionDeletes && !one->file.is_deletion_vector();
  });
}

bool HasEqualityDeletes(const FileScanTask& task) {
  return std::any_of(task.deletes.begin(), task.deletes.end(), [](const auto& one) {
    return one->file.content == FileContent::kEqualityDeletes;
  });
}

class Planner {
 public:
  Planner(const CompactionOptions& options, CompactionPlan& plan)
      : options_(options), plan_(plan) {}

  /// All files of one partition.
  void Partition(std::vector<FileScanTask> tasks) {
    if (PlanData(tasks)) return;
    const bool many = std::any_of(tasks.begin(), tasks.end(), [&](const FileScanTask& task) {
      return PositionDeleteFiles(task) >= options_.delete_files_min;
    });
    if (many) AddGroup(CompactionGroup::Kind::kPositionDeletes, std::move(tasks));
  }

 private:
  bool LostMuch(const FileScanTask& task) const {
    // Equality deletes cost every reader a join: rows are taken out at once.
    return HasEqualityDeletes(task) ||
           static_cast<double>(DeletedRows(task)) >=
               options_.deleted_share_min *
                   static_cast<double>(std::max<int64_t>(1, task.data_file.record_count));
  }

  /// Whether there was data to rewrite.
  bool PlanData(const std::vector<FileScanTask>& tasks) {
    std::vector<FileScanTask> chosen;
    std::vector<const FileScanTask*> small;
    for (const FileScanTask& task : tasks) {
      if (task.data_file.format != FileFormat::kParquet) continue;
      if (LostMuch(task)) {
        chosen.push_back(task);
      } else if (static_cast<double>(task.data_file.file_size_bytes) <
                 kLargeShare * static_cast<double>(options_.file_bytes_target)) {
        small.push_back(&task);
      }
    }
    std::sort(small.begin(), small.end(), [](const FileScanTask* a, const FileScanTask* b) {
      return a->data_file.file_size_bytes < b->data_file.file_size_bytes;
    });
    for (const FileScanTask* task : OfOneSize(small, chosen.size())) chosen.push_back(*task);
    if (chosen.empty()) return false;
    AddGroup(CompactionGroup::Kind::kData, std::move(chosen));
    return true;
  }

  /// The smallest files, as far as each is not much larger than those before it together; none when they are too
  /// few, also with those that are rewritten `already`.
  std::vector<const FileScanTask*> OfOneSize(const std::vector<const FileScanTask*>& small,
                                             size_t already) const {
    std::vector<const FileScanTask*> run;
    int64_t bytes = 0;
    for (const FileScanTask* task : small) {
      const int64_t size = task->data_file.file_size_bytes;
      if (size > std::max(kTinyBytes, kGrowth * bytes)) break;
      bytes += size;
      run.push_back(task);
    }
    if (run.size() + already < static_cast<size_t>(options_.small_files_min)) run.clear();
    return run;
  }

  void AddGroup(CompactionGroup::Kind kind, std::vector<FileScanTask> tasks) {
    // In the order the rows came, so that what was sorted by time stays so.
    std::sort(tasks.begin(), tasks.end(), [](const FileScanTask& a, const FileScanTask& b) {
      return std::tie(a.sequence_number, a.data_file.file_path) <
             std::tie(b.sequence_number, b.data_file.file_path);
    });
    CompactionGroup group{.kind = kind,
                          .spec_id = tasks.front().data_file.spec_id,
                          .partition = tasks.front().data_file.partition};
    for (FileScanTask& task : tasks) {
      if (kind == CompactionGroup::Kind::kData) {
        if (plan_.bytes >= options_.step_bytes_max) {
          plan_.more = true;
          break;
        }
        plan_.bytes += task.data_file.file_size_bytes;
      }
      group.tasks.push_back(std::move(task));
    }
    // One small file alone would only become itself again.
    if (group.tasks.empty() || (kind == CompactionGroup::Kind::kData && group.tasks.size() == 1 &&
                                !LostMuch(group.tasks.front()))) {
      return;
    }
    plan_.groups.push_back(std::move(group));
  }

  const CompactionOptions& options_;
  CompactionPlan& plan_;
};

}  // namespace

Result<CompactionPlan> PlanCompaction(FileIo& io, const TableMetadata& table,
                                      const CompactionOptions& options) {
  CompactionPlan plan;
  const Snapshot* snapshot = table.current_snapshot();
  if (snapshot == nullptr) return plan;
  ASSIGN_OR_RETURN(ScanPlan scan, PlanScan(io, table, *snapshot, {}));
  std::map<std::string, std::vector<FileScanTask>> partitions;
  for (FileScanTask& task : scan.tasks) {
    partitions[PartitionKey(task.data_file)].push_back(std::move(task));
  }
  Planner planner(options, plan);
  for (auto& [key, tasks] : partitions) planner.Partition(std::move(tasks));
  return plan;
}

}  // namespace weir::iceberg
