#include "lake/compaction.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <map>
#include <set>

#include "lake/arrow_error.h"
#include "lake/compaction_files.h"
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

Result<Schema> WithPosition(const Schema& schema) {
  std::vector<Field> fields(schema.fields().begin(), schema.fields().end());
  fields.push_back({.id = kRowPositionColumnId,
                    .name = "_pos",
                    .required = true,
                    .type = Type::Of(TypeId::kLong)});
  return Schema::Make(schema.schema_id(), std::move(fields));
}

/// Take the last column of a batch, the positions of its rows, and note what was left out before and between them.
Result<std::shared_ptr<arrow::RecordBatch>> TakePositions(const arrow::RecordBatch& batch,
                                                          int64_t& next, RowPositions& left_out) {
  const int last = batch.num_columns() - 1;
  const auto& positions = static_cast<const arrow::Int64Array&>(*batch.column(last));
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    left_out.AddRange(next, positions.Value(row));
    next = positions.Value(row) + 1;
  }
  ASSIGN_OR_RETURN_ARROW(auto rows, batch.RemoveColumn(last), "cannot take positions off", "");
  return rows;
}

class Rewriter {
 public:
  Rewriter(const CompactionRequest& request, std::vector<std::string>& written)
      : request_(request), files_(request, written) {}

  Result<Compacted> Run(const CompactionPlan& plan) {
    const Snapshot* base = request_.table.current_snapshot();
    if (base == nullptr) return Fail(ErrorCode::kInvalidTable, "a table without rows is compact");
    out_.change.operation = SnapshotOperation::kReplace;
    out_.change.data_sequence_number = base->sequence_number;
    out_.base_snapshot_id = base->snapshot_id;
    out_.base_sequence_number = base->sequence_number;
    ASSIGN_OR_RETURN(schema_, RewriteSchema(request_.table));
    ASSIGN_OR_RETURN(with_position_, WithPosition(schema_));
    for (const CompactionGroup& group : plan.groups) {
      if (group.kind == CompactionGroup::Kind::kData) {
        RETURN_IF_ERROR(RewriteData(group));
      } else {
        RETURN_IF_ERROR(MergeDeletes(group));
      }
    }
    if (!out_.rewritten.empty()) {
      ASSIGN_OR_RETURN(const ScanPlan scan, PlanScan(request_.io, request_.table, *base, {}));
      ASSIGN_OR_RETURN(const auto live, LiveDeletes(request_.io, request_.table));
      for (const FileKey& idle : IdleDeletes(live, scan, out_)) removed_.insert(idle);
    }
    out_.change.removed.assign(removed_.begin(), removed_.end());
    return std::move(out_);
  }

 private:
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
      RewrittenFile& rewritten = out_.rewritten.emplace_back(RewrittenFile{.task = task});
      int64_t next = 0;  // position of the row behind those that were read
      ASSIGN_OR_RETURN(auto reader, TableReader::Open(request_.io, deletes, request_.table, task,
                                                      with_position_));
      while (true) {
        if (request_.alive) RETURN_IF_ERROR(request_.alive());
        ASSIGN_OR_RETURN(auto batch, reader->Next());
        if (batch == nullptr) break;
        ASSIGN_OR_RETURN(batch, TakePositions(*batch, next, rewritten.left_out));
        if (writer != nullptr && writer->bytes() >= request_.options.file_bytes_target) {
          ASSIGN_OR_RETURN(DataFile file, writer->Finish());
          AddFile(group, std::move(file));
          writer.reset();
        }
        if (writer == nullptr) {
          path = files_.NewPath(group.spec_id, group.partition, ".parquet");
          ASSIGN_OR_RETURN(writer,
                           ParquetWriter::Open(request_.io, path, schema_, request_.parquet));
        }
        if (request_.on_rows) RETURN_IF_ERROR(request_.on_rows(path, writer->rows(), *batch));
        Extend(rewritten, path, writer->rows(), batch->num_rows());
        out_.rows += batch->num_rows();
        RETURN_IF_ERROR(writer->Write(*batch));
      }
      rewritten.left_out.AddRange(next, task.data_file.record_count);
      removed_.insert(KeyOf(task.data_file));
      out_.removed_data_files.push_back(task.data_file.file_path);
    }
    if (writer == nullptr) return {};
    ASSIGN_OR_RETURN(DataFile file, writer->Finish());
    AddFile(group, std::move(file));
    return {};
  }

  static void Extend(RewrittenFile& file, const std::string& path, int64_t first, int64_t rows) {
    if (file.runs.empty() || file.runs.back().path != path)
      file.runs.push_back({.path = path, .first_row = first});
    file.runs.back().rows += rows;
  }

  /// Every position that one of the files takes away from a data file of the group.
  Status MergeDeletes(const CompactionGroup& group) {
    std::map<FileKey, std::shared_ptr<const DeleteFile>> files;
    std::set<std::pair<FileKey, std::string>> applies;
    for (const FileScanTask& task : group.tasks) {
      const size_t before = applies.size();
      for (const auto& one : task.deletes) {
        if (one->file.content != FileContent::kPositionDeletes || one->file.is_deletion_vector()) {
          continue;
        }
        files.emplace(KeyOf(one->file), one);
        applies.emplace(KeyOf(one->file), task.data_file.file_path);
      }
      if (applies.size() > before) out_.merged.push_back(task);
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
      out_.merged_files.push_back(key);
    }
    ASSIGN_OR_RETURN(auto added,
                     files_.WriteDeletes(group.spec_id, group.partition, std::move(merged)));
    for (DataFile& file : added) out_.change.added.push_back(std::move(file));
    return {};
  }

  const CompactionRequest& request_;
  CompactionFiles files_;
  Schema schema_;         // of the new files
  Schema with_position_;  // of what is read
  std::set<FileKey> removed_;
  Compacted out_;
};

}  // namespace

Result<Compacted> WriteCompaction(const CompactionRequest& request, const CompactionPlan& plan,
                                  std::vector<std::string>& written) {
  return Rewriter(request, written).Run(plan);
}

}  // namespace weir::iceberg
