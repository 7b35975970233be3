#include "lake/compaction.h"

#include <arrow/record_batch.h>

#include <map>
#include <set>

#include "lake/deletion_vector.h"
#include "lake/file_io.h"
#include "lake/manifest.h"
#include "lake/position_deletes.h"
#include "lake/table_reader.h"

namespace weir::iceberg {
namespace {

/// Of the positions that are merged at once.
constexpr int64_t kDeletesMemoryMax = 256 * MiB;

/// The current columns; in v3 with the lineage of each row, which a rewrite must carry over.
Result<Schema> RewriteSchema(const TableMetadata& table) {
  const Schema& current = table.current_schema();
  if (table.format_version < 3) return current;
  std::vector<Field> fields(current.fields().begin(), current.fields().end());
  fields.push_back({.id = kRowIdColumnId, .name = "_row_id", .type = Type::Of(TypeId::kLong)});
  fields.push_back({.id = kLastUpdatedSequenceNumberColumnId,
                    .name = "_last_updated_sequence_number",
                    .type = Type::Of(TypeId::kLong)});
  return Schema::Make(current.schema_id(), std::move(fields));
}

class Rewriter {
 public:
  Rewriter(const CompactionRequest& request, std::vector<std::string>& written)
      : request_(request), written_(written) {}

  Result<Compacted> Run(const CompactionPlan& plan) {
    const Snapshot* base = request_.table.current_snapshot();
    if (base == nullptr) return Fail(ErrorCode::kInvalidTable, "a table without rows is compact");
    out_.change.operation = SnapshotOperation::kReplace;
    out_.change.data_sequence_number = base->sequence_number;
    ASSIGN_OR_RETURN(schema_, RewriteSchema(request_.table));
    for (const CompactionGroup& group : plan.groups) {
      if (group.kind == CompactionGroup::Kind::kData) {
        RETURN_IF_ERROR(RewriteData(group));
      } else {
        RETURN_IF_ERROR(MergeDeletes(group));
      }
    }
    RETURN_IF_ERROR(RemoveIdleDeletes(*base));
    out_.change.removed.assign(removed_.begin(), removed_.end());
    return std::move(out_);
  }

 private:
  std::string NewPath(const CompactionGroup& group, std::string_view suffix) {
    const PartitionSpec* spec = request_.table.FindSpec(group.spec_id);
    const std::string partition =
        spec == nullptr ? std::string() : PartitionPath(*spec, group.partition);
    const std::string folder =
        partition.empty() ? request_.folder : request_.folder + "/" + partition;
    written_.push_back(folder + "/" + request_.new_name() + std::string(suffix));
    return written_.back();
  }

  void AddFile(const CompactionGroup& group, DataFile file) {
    file.spec_id = group.spec_id;
    file.partition = group.partition;
    out_.change.added.push_back(std::move(file));
  }

  Status RewriteData(const CompactionGroup& group) {
    DeleteCache deletes(request_.io, {});
    std::unique_ptr<ParquetWriter> writer;
    std::string path;
    for (const FileScanTask& task : group.tasks) {
      ASSIGN_OR_RETURN(auto reader,
                       TableReader::Open(request_.io, deletes, request_.table, task, schema_));
      while (true) {
        if (request_.alive) RETURN_IF_ERROR(request_.alive());
        ASSIGN_OR_RETURN(const auto batch, reader->Next());
        if (batch == nullptr) break;
        if (writer != nullptr && writer->bytes() >= request_.options.file_bytes_target) {
          ASSIGN_OR_RETURN(DataFile file, writer->Finish());
          AddFile(group, std::move(file));
          writer.reset();
        }
        if (writer == nullptr) {
          path = NewPath(group, ".parquet");
          ASSIGN_OR_RETURN(writer,
                           ParquetWriter::Open(request_.io, path, schema_, request_.parquet));
        }
        if (request_.on_rows) RETURN_IF_ERROR(request_.on_rows(path, writer->rows(), *batch));
        out_.rows += batch->num_rows();
        RETURN_IF_ERROR(writer->Write(*batch));
      }
      removed_.insert(KeyOf(task.data_file));
      removed_data_.insert(task.data_file.file_path);
      out_.removed_data_files.push_back(task.data_file.file_path);
    }
    if (writer == nullptr) return {};
    ASSIGN_OR_RETURN(DataFile file, writer->Finish());
    AddFile(group, std::move(file));
    return {};
  }

  /// Every position that one of the files takes away from a data file of the group.
  Status MergeDeletes(const CompactionGroup& group) {
    std::map<FileKey, std::shared_ptr<const DeleteFile>> files;
    std::set<std::pair<FileKey, std::string>> applies;
    for (const FileScanTask& task : group.tasks) {
      for (const auto& one : task.deletes) {
        if (one->file.content != FileContent::kPositionDeletes || one->file.is_deletion_vector()) {
          continue;
        }
        files.emplace(KeyOf(one->file), one);
        applies.emplace(KeyOf(one->file), task.data_file.file_path);
      }
    }
    DeletedRows merged;
    int64_t memory_bytes = 0;
    for (const auto& [key, file] : files) {
      if (request_.alive) RETURN_IF_ERROR(request_.alive());
      ASSIGN_OR_RETURN(const DeletedRows rows, ReadPositionDeletes(request_.io, file->file));
      for (const auto& [path, positions] : rows) {
        if (!applies.contains({key, path})) continue;
        RowPositions& all = merged[path];
        memory_bytes -= all.memory_bytes();
        all.AddAll(positions);
        memory_bytes += all.memory_bytes();
      }
      if (memory_bytes > kDeletesMemoryMax) {
        return Fail(ErrorCode::kRecordTooLarge,
                    "deletes need too much memory: path={} bytes_max={}", file->file.file_path,
                    kDeletesMemoryMax);
      }
      removed_.insert(key);
    }
    return WriteMerged(group, std::move(merged));
  }

  /// One file for each data file, so that the next plan knows how many rows each lost.
  Status WriteMerged(const CompactionGroup& group, DeletedRows merged) {
    if (merged.empty()) return {};
    if (request_.table.format_version >= 3) {
      ASSIGN_OR_RETURN(
          auto files, WriteDeletionVectors(request_.io, NewPath(group, "-deletes.puffin"), merged));
      for (DataFile& file : files) AddFile(group, std::move(file));
      return {};
    }
    for (auto& [path, positions] : merged) {
      DeletedRows one;
      one.emplace(path, std::move(positions));
      ASSIGN_OR_RETURN(DataFile file,
                       WritePositionDeletes(request_.io, NewPath(group, "-deletes.parquet"), one));
      AddFile(group, std::move(file));
    }
    return {};
  }

  /// Delete files that are about no live data file any more.
  Status RemoveIdleDeletes(const Snapshot& base) {
    if (removed_data_.empty()) return {};
    ASSIGN_OR_RETURN(const ScanPlan scan, PlanScan(request_.io, request_.table, base, {}));
    std::set<FileKey> needed;
    for (const FileScanTask& task : scan.tasks) {
      if (removed_data_.contains(task.data_file.file_path)) continue;
      for (const auto& one : task.deletes) needed.insert(KeyOf(one->file));
    }
    ASSIGN_OR_RETURN(const auto manifests, ManifestsOf(request_.io, base));
    for (const ManifestFile& manifest : manifests) {
      if (manifest.content != ManifestContent::kDeletes) continue;
      ASSIGN_OR_RETURN(const auto entries, ReadManifest(request_.io, manifest, request_.table));
      for (const ManifestEntry& entry : entries) {
        if (entry.is_live() && !needed.contains(KeyOf(entry.file))) {
          removed_.insert(KeyOf(entry.file));
        }
      }
    }
    return {};
  }

  const CompactionRequest& request_;
  std::vector<std::string>& written_;
  Schema schema_;
  std::set<FileKey> removed_;
  std::set<std::string> removed_data_;
  Compacted out_;
};

}  // namespace

Result<Compacted> WriteCompaction(const CompactionRequest& request, const CompactionPlan& plan,
                                  std::vector<std::string>& written) {
  return Rewriter(request, written).Run(plan);
}

}  // namespace weir::iceberg
