#include "tiering/lake_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <map>

#include "lake/delete_index.h"
#include "lake/deletion_vector.h"
#include "lake/partition_spec.h"
#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "tiering/lake_keys.h"
#include "tiering/tail_files.h"
#include "tiering/take_rows.h"

namespace weir {
namespace {

using Tasks = std::map<std::string, iceberg::FileScanTask, std::less<>>;

class DeleteWriter {
 public:
  DeleteWriter(const TailRequest& request, Tail& tail, std::vector<std::string>& written)
      : request_(request), lake_(*request.lake), tail_(tail), written_(written) {}

  Result<LakeDeletes> Run(LakeDeleteMode mode) {
    const std::vector<Loss> losses = Losses();
    if (mode != LakeDeleteMode::kPosition && !losses.empty()) RETURN_IF_ERROR(FindTasks(losses));
    for (const Loss& loss : losses) {
      if (mode == LakeDeleteMode::kPosition) {
        RETURN_IF_ERROR(WritePositions(loss));
      } else if (mode == LakeDeleteMode::kDeletionVector) {
        RETURN_IF_ERROR(WriteVectors(loss));
      } else {
        RETURN_IF_ERROR(Rewrite(loss));
      }
    }
    return std::move(out_);
  }

 private:
  /// What data files of a part's partition lose.
  struct Loss {
    const TailPart& part;
    iceberg::DeletedRows rows;
  };

  /// Each data file once: compaction puts rows of several buckets into one where these share a partition.
  std::vector<Loss> Losses() const {
    std::vector<Loss> out;
    std::map<std::string_view, size_t> places;  // of each data file in `out`
    for (const TailPart& part : tail_.parts) {
      iceberg::DeletedRows own;
      for (const auto& [path, positions] : part.deleted) {
        if (positions.empty()) continue;
        const auto [place, is_new] = places.emplace(path, out.size());
        (is_new ? own : out[place->second].rows)[path].AddAll(positions);
      }
      if (!own.empty()) out.push_back({part, std::move(own)});
    }
    return out;
  }

  std::string FolderOf(const TailPart& part) const {
    const std::string path = iceberg::PartitionPath(lake_.default_spec(), part.partition);
    return path.empty() ? request_.folder : request_.folder + "/" + path;
  }

  std::string NewPath(const TailPart& part, std::string_view suffix) {
    written_.push_back(FolderOf(part) + "/" + request_.new_name() + std::string(suffix));
    return written_.back();
  }

  void Add(const TailPart& part, iceberg::DataFile file) {
    file.spec_id = lake_.default_spec_id;
    file.partition = part.partition;
    out_.added.push_back(std::move(file));
  }

  /// One delete file for each data file: Polars reads no others, and readers of one data file read no more.
  Status WritePositions(const Loss& loss) {
    for (const auto& [path, positions] : loss.rows) {
      ASSIGN_OR_RETURN(
          iceberg::DataFile file,
          iceberg::WritePositionDeletes(*request_.io, NewPath(loss.part, "-deletes.parquet"),
                                        {{path, positions}}));
      Add(loss.part, std::move(file));
    }
    return {};
  }

  /// The tasks of all data files that lose rows.
  Status FindTasks(const std::vector<Loss>& losses) {
    const iceberg::Snapshot* snapshot = lake_.current_snapshot();
    if (snapshot == nullptr) return {};
    ASSIGN_OR_RETURN(iceberg::ScanPlan plan,
                     iceberg::PlanScan(*request_.io, lake_, *snapshot, {.with_statistics = true}));
    for (iceberg::FileScanTask& task : plan.tasks) {
      for (const Loss& loss : losses) {
        if (!loss.rows.contains(task.data_file.file_path)) continue;
        const std::string path = task.data_file.file_path;
        tasks_.emplace(path, std::move(task));
        break;
      }
    }
    return {};
  }

  Result<const iceberg::FileScanTask*> TaskOf(const std::string& path) const {
    const auto found = tasks_.find(path);
    if (found != tasks_.end()) return &found->second;
    return Fail(ErrorCode::kInvalidTable, "the key index names a file that is not live: {}", path);
  }

  Status WriteVectors(const Loss& loss) {
    iceberg::DeletedRows rows = loss.rows;
    for (auto& [path, positions] : rows) {
      ASSIGN_OR_RETURN(const iceberg::FileScanTask* const task, TaskOf(path));
      for (const auto& old : task->deletes)
        RETURN_IF_ERROR(TakeOver(old->file, task->data_file, positions));
    }
    ASSIGN_OR_RETURN(auto files, iceberg::WriteDeletionVectors(
                                     *request_.io, NewPath(loss.part, "-deletes.puffin"), rows));
    for (iceberg::DataFile& file : files) Add(loss.part, std::move(file));
    return {};
  }

  /// A vector replaces the one its file had. Position delete files, from before the table was upgraded, stand beside
  /// it, but readers pass them over where there is a vector: it must have their rows, too.
  Status TakeOver(const iceberg::DataFile& old, const iceberg::DataFile& data,
                  iceberg::RowPositions& positions) {
    if (old.content != iceberg::FileContent::kPositionDeletes) return {};
    if (old.is_deletion_vector()) {
      RETURN_IF_ERROR(iceberg::CheckVectorFits(old, data));
      ASSIGN_OR_RETURN(const iceberg::RowPositions before,
                       iceberg::ReadDeletionVector(*request_.io, old));
      positions.AddAll(before);
    } else {
      ASSIGN_OR_RETURN(const iceberg::DeletedRows before,
                       iceberg::ReadPositionDeletes(*request_.io, old, data.file_path));
      for (const auto& [its, rows] : before) positions.AddAll(rows);
    }
    // One that is about other data files as well, stays for them.
    if (iceberg::ReferencedDataFile(old)) out_.removed.push_back(iceberg::KeyOf(old));
    return {};
  }

  Status Rewrite(const Loss& loss) {
    const TailPart& part = loss.part;
    ASSIGN_OR_RETURN(const LakeKeys keys,
                     LakeKeys::Create(*request_.table, lake_.current_schema()));
    iceberg::DeleteCache deletes(*request_.io, {});
    for (const auto& [path, gone] : loss.rows) {
      ASSIGN_OR_RETURN(const iceberg::FileScanTask* const task, TaskOf(path));
      TailFiles files(request_, FolderOf(part), part.partition, written_);
      RETURN_IF_ERROR(CopyRest(*task, gone, keys, deletes, files));
      ASSIGN_OR_RETURN(auto data, files.Finish());
      for (iceberg::DataFile& file : data) out_.added.push_back(std::move(file));
      out_.removed.push_back(iceberg::KeyOf(task->data_file));
      out_.removed_data_files.push_back(path);
    }
    return {};
  }

  Status CopyRest(const iceberg::FileScanTask& task, const iceberg::RowPositions& gone,
                  const LakeKeys& keys, iceberg::DeleteCache& deletes, TailFiles& files) {
    ASSIGN_OR_RETURN(const iceberg::Schema projection, WithRowPosition(lake_.current_schema()));
    ASSIGN_OR_RETURN(auto reader,
                     iceberg::TableReader::Open(*request_.io, deletes, lake_, task, projection));
    std::string file_path;
    int32_t file_number = 0;
    while (true) {
      ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (batch == nullptr) return {};
      const int last = batch->num_columns() - 1;
      const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(last));
      std::vector<int32_t> rest;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (!gone.Contains(positions.Value(row))) rest.push_back(static_cast<int32_t>(row));
      }
      if (rest.empty()) continue;
      const auto without = batch->RemoveColumn(last);
      if (!without.ok()) return ArrowFailed(without.status());
      ASSIGN_OR_RETURN(const auto kept, TakeRows(*without, rest));
      ASSIGN_OR_RETURN(const KeyList list, keys.Encode(*kept));
      ASSIGN_OR_RETURN(const TailFiles::Place place, files.Next());
      if (place.path != file_path) {
        file_path = place.path;
        file_number = tail_.keys.AddFile(file_path);
      }
      for (size_t i = 0; i < list.size(); ++i)
        tail_.keys.Put(list[i], file_number, place.row + static_cast<int64_t>(i));
      RETURN_IF_ERROR(files.Write(kept));
    }
  }

  static Failure ArrowFailed(const arrow::Status& status) {
    return Fail(ErrorCode::kUnknownServerError, "arrow: {}", status.message());
  }

  const TailRequest& request_;
  const iceberg::TableMetadata& lake_;
  Tail& tail_;
  std::vector<std::string>& written_;
  Tasks tasks_;
  LakeDeletes out_;
};

}  // namespace

Result<LakeDeletes> WriteLakeDeletes(const TailRequest& request, LakeDeleteMode mode, Tail& tail,
                                     std::vector<std::string>& written) {
  return DeleteWriter(request, tail, written).Run(mode);
}

}  // namespace weir
