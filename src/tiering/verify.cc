#include "tiering/verify.h"

#include <fmt/format.h>

#include <map>

#include "lake/fluss_layout.h"
#include "meta/lake_snapshots.h"
#include "tiering/hot_tail.h"
#include "tiering/verify_unit.h"

namespace weir {
namespace {

using Kind = VerifyFinding::Kind;

constexpr int kAttemptsMax = 10;

/// What cannot be read is looked at again from the table's state of then: a request may have failed, or the snapshot
/// that was read has expired meanwhile.
constexpr int kReadingsMax = 3;

/// A lake table and the offsets it covers, of one moment.
struct LakeState {
  std::shared_ptr<const iceberg::TableMetadata> table;
  LakeOffsets covered;
};

/// What the lake table would be, for a table that was never tiered.
Result<LakeState> EmptyLake(const TableInfo& table) {
  ASSIGN_OR_RETURN(iceberg::NewTable shape, iceberg::LakeTableOf(table));
  shape.location = "/none";
  ASSIGN_OR_RETURN(auto metadata, iceberg::MakeTableMetadata(shape, 0));
  return LakeState{.table = std::make_shared<iceberg::TableMetadata>(std::move(metadata))};
}

/// Both are changed in one transaction, but read one after the other: read until nothing moved in between.
Result<LakeState> ReadLakeState(const VerifyRequest& request) {
  const TableId id = request.table->id;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto before = request.snapshots->Latest(id);
    ASSIGN_OR_RETURN(const auto loaded, request.catalog->FindTiered(id));
    const auto after = request.snapshots->Latest(id);
    const auto id_of = [](const auto& snapshot) { return snapshot ? snapshot->snapshot_id : -1; };
    if (id_of(before) != id_of(after)) continue;
    if (!loaded) return EmptyLake(*request.table);
    return LakeState{loaded->metadata, after ? after->tiered : LakeOffsets()};
  }
  return Fail(ErrorCode::kStorage, "the lake table changes too fast to be read: table={}",
              request.table->path.ToString());
}

std::vector<std::pair<TableBucket, std::string>> BucketsOf(const TableInfo& table) {
  std::vector<std::pair<TableBucket, std::string>> out;
  const auto add = [&](std::optional<PartitionId> partition, const std::string& name) {
    for (BucketId bucket = 0; bucket < table.bucket_count(); ++bucket) {
      out.emplace_back(TableBucket{table.id, partition, bucket}, name);
    }
  };
  if (!table.is_partitioned()) add(std::nullopt, "");
  for (const auto& [name, partition] : table.partitions) add(partition.id, name);
  return out;
}

class Verification {
 public:
  Verification(const VerifyRequest& request, LakeState state)
      : request_(request), state_(std::move(state)) {}

  Result<VerifyReport> Run() {
    const TableInfo& table = *request_.table;
    ASSIGN_OR_RETURN(const auto reader,
                     LakeBatchReader::Create(request_.table, state_.table->current_schema()));
    std::vector<std::string> columns;
    for (const Column& column : table.schema().columns()) columns.push_back(column.name);
    VerifyContext context{.request = request_,
                          .lake = *state_.table,
                          .covered = state_.covered,
                          .expired = FindExpiredRows(*request_.store, table.id),
                          .io = request_.catalog->files(),
                          .deletes = {request_.catalog->files(), {}},
                          .reader = *reader,
                          .hash = RowHash(std::move(columns)),
                          .report = report_};
    RETURN_IF_ERROR(MakeUnits(context));
    if (report_.finding_count > 0 && units_.empty()) return std::move(report_);
    ASSIGN_OR_RETURN(const auto layout, iceberg::LakeLayoutOf(table));
    const auto verify = table.has_primary_key()                 ? VerifyKeys
                        : layout == iceberg::LakeLayout::kFluss ? VerifyOffsets
                                                                : VerifyBags;
    for (const auto& [path, unit] : units_) RETURN_IF_ERROR(verify(context, unit));
    return std::move(report_);
  }

 private:
  Status MakeUnits(VerifyContext& context) {
    const auto& spec = state_.table->default_spec();
    for (const auto& [bucket, name] : BucketsOf(*request_.table)) {
      ASSIGN_OR_RETURN(const auto values, PartitionOf(*request_.table, *state_.table, bucket));
      VerifyUnit& unit = units_[PartitionPath(spec, values)];
      unit.partition = name;
      unit.buckets.push_back(bucket);
    }
    const iceberg::Snapshot* snapshot = state_.table->current_snapshot();
    if (snapshot == nullptr) return {};
    report_.lake_snapshot_id = snapshot->snapshot_id;
    auto plan = PlanScan(context.io, *state_.table, *snapshot, {.with_statistics = true});
    if (!plan.ok()) {
      AddFinding(context, {}, Kind::kUnreadable, fmt::format("snapshot {}", snapshot->snapshot_id),
                 plan.error().message);
      units_.clear();  // what is there and what is missing, nobody can say
      return {};
    }
    for (iceberg::FileScanTask& task : plan->tasks) {
      const auto* its_spec = state_.table->FindSpec(task.data_file.spec_id);
      const auto found = its_spec == nullptr
                             ? units_.end()
                             : units_.find(PartitionPath(*its_spec, task.data_file.partition));
      if (found != units_.end()) {
        found->second.tasks.push_back(std::move(task));
      } else if (!request_.table->is_partitioned()) {
        AddFinding(context, {}, Kind::kUnexpected, fmt::format("file {}", task.data_file.file_path),
                   "in a partition that no bucket has");
      }
      // A partition that was dropped here stays in the lake.
    }
    return {};
  }

  const VerifyRequest& request_;
  const LakeState state_;
  VerifyReport report_;
  std::map<std::string, VerifyUnit> units_;
};

}  // namespace

Result<VerifyReport> VerifyTable(const VerifyRequest& request) {
  if (!request.table->config.lake_enabled) {
    return Fail(ErrorCode::kLakeStorageNotConfigured, "table has no lake: table={}",
                request.table->path.ToString());
  }
  Result<VerifyReport> report = VerifyReport();
  for (int reading = 0; reading < kReadingsMax; ++reading) {
    ASSIGN_OR_RETURN(LakeState state, ReadLakeState(request));
    report = Verification(request, std::move(state)).Run();
    if (!report.ok() || !report->has_unreadable) break;
  }
  return report;
}

}  // namespace weir
