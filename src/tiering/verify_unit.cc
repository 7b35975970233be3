#include "tiering/verify_unit.h"

#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

constexpr int64_t kReadBytesMax = 4 * MiB;

using Kind = VerifyFinding::Kind;

std::string FileText(const iceberg::FileScanTask& task) {
  return fmt::format("file {}", task.data_file.file_path);
}

Status ReadTask(VerifyContext& context, const iceberg::FileScanTask& task,
                const iceberg::Expression& filter, const TakeLakeRows& take) {
  ASSIGN_OR_RETURN(const auto reader,
                   iceberg::TableReader::Open(context.io, context.deletes, context.lake, task,
                                              context.lake.current_schema(), {.filter = filter}));
  while (true) {
    ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (batch == nullptr) return {};
    ASSIGN_OR_RETURN(const auto hashes, context.hash.Of(*batch));
    RETURN_IF_ERROR(take(*batch, hashes));
  }
}

}  // namespace

Offset VerifyContext::CoveredOf(const TableBucket& bucket) const {
  const auto found = covered.find(bucket);
  return found == covered.end() ? 0 : found->second;
}

void AddFinding(VerifyContext& context, const VerifyUnit& unit, Kind kind, std::string where,
                std::string detail) {
  VerifyReport& report = context.report;
  ++report.finding_count;
  report.has_unreadable |= kind == Kind::kUnreadable;
  if (static_cast<int64_t>(report.findings.size()) >= context.request.limits.findings_max) return;
  report.findings.push_back(
      {kind, unit.partition, unit.bucket(), std::move(where), std::move(detail)});
}

Status ForEachLakeBatch(VerifyContext& context, const VerifyUnit& unit,
                        const iceberg::Expression& filter, const TakeLakeRows& take) {
  for (const iceberg::FileScanTask& task : unit.tasks) {
    const Status status = ReadTask(context, task, filter, take);
    if (status.ok()) continue;
    AddFinding(context, unit, Kind::kUnreadable, FileText(task), status.error().message);
  }
  return {};
}

Status ForEachLogBatch(VerifyContext& context, const VerifyUnit& unit, const TableBucket& bucket,
                       Offset from, Offset to, const LogRowsSink& sink) {
  while (from < to) {
    ASSIGN_OR_RETURN(const SharedBytes bytes,
                     context.request.logs->Read(bucket, from, kReadBytesMax));
    LogBatches batches(bytes.view());
    const Offset began = from;
    while (from < to) {
      const auto batch = batches.Next();
      if (!batch.ok() || (*batch && !(*batch)->CheckCrc().ok())) {
        AddFinding(context, unit, Kind::kUnreadable, fmt::format("log offset {}", from),
                   "a batch of the log is damaged");
        return {};
      }
      if (!*batch) break;
      const LogBatchHeader& header = (*batch)->header();
      if (header.base_offset > from) {
        AddFinding(context, unit, Kind::kMissing,
                   fmt::format("offsets [{},{})", from, header.base_offset), "a gap in the log");
        from = header.base_offset;
      }
      const Offset end = std::min(header.next_offset(), to);
      if ((*batch)->empty()) {
        if (sink.empty) sink.empty(from, end);
      } else {
        ASSIGN_OR_RETURN(const LakeRows rows,
                         context.reader.Read(**batch, bucket.bucket, from, to));
        if (rows.rows != nullptr) {
          ASSIGN_OR_RETURN(const auto hashes, context.hash.Of(*rows.rows));
          RETURN_IF_ERROR(sink.rows(rows, hashes));
        }
      }
      from = std::max(from, end);
    }
    if (from == began) {
      AddFinding(context, unit, Kind::kMissing, fmt::format("offsets [{},{})", from, to),
                 "the log ends early");
      return {};
    }
  }
  return {};
}

std::string RowText(const arrow::RecordBatch& batch, int64_t row,
                    std::span<const std::string> columns) {
  std::string out;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const std::string& name = batch.schema()->field(i)->name();
    if (!columns.empty() && std::ranges::find(columns, name) == columns.end()) continue;
    const auto value = batch.column(i)->GetScalar(row);
    if (!out.empty()) out += ' ';
    out += name + '=' + (value.ok() ? (*value)->ToString() : "?");
  }
  return out;
}

}  // namespace weir
