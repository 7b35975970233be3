#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "tiering/stored_rows.h"
#include "tiering/verify_unit.h"

namespace weir {
namespace {

using Kind = VerifyFinding::Kind;
using iceberg::Expression;

/// One share of a unit's keys: what lake and log say their rows are, and what the state says.
class KeyShare {
 public:
  KeyShare(VerifyContext& context, const VerifyUnit& unit, uint64_t passes, uint64_t pass)
      : context_(context),
        unit_(unit),
        passes_(passes),
        pass_(pass),
        key_columns_(ToVector(context.request.table->schema().primary_key())) {}

  Status Run() {
    std::vector<Offset> ends;
    for (const TableBucket& bucket : unit_.buckets) {
      ASSIGN_OR_RETURN(const Offset end, ReadState(bucket));
      ends.push_back(end);
    }
    RETURN_IF_ERROR(ReadLake());
    ASSIGN_OR_RETURN(const auto ranges, context_.request.logs->Ranges(unit_.buckets));
    for (size_t i = 0; i < ends.size(); ++i) {
      RETURN_IF_ERROR(ApplyTail(unit_.buckets[i], ranges[i].start, ends[i]));
    }
    Compare();
    return {};
  }

 private:
  using Rows = std::unordered_map<std::string, uint64_t>;

  static std::vector<std::string> ToVector(std::span<const std::string> names) {
    return {names.begin(), names.end()};
  }

  /// Call `take(key, row)` for the rows whose keys belong here.
  template <class F>
  void ForEachKey(const arrow::RecordBatch& batch, F take) const {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      std::string key = RowText(batch, row, key_columns_);
      if (HashBytes(key) % passes_ == pass_) take(std::move(key), static_cast<size_t>(row));
    }
  }

  Result<Offset> ReadState(const TableBucket& bucket) {
    ASSIGN_OR_RETURN(StoredRowBatches batches,
                     StoredRowBatches::Create(
                         context_.request.table, context_.lake.current_schema(), bucket.bucket,
                         [this](const auto& batch) { return TakeState(*batch); }));
    ASSIGN_OR_RETURN(const Offset end,
                     context_.request.states->Scan(
                         bucket, [&](const StoredValue& stored) { return batches.Add(stored); }));
    RETURN_IF_ERROR(batches.Flush());
    return end;
  }

  Status TakeState(const arrow::RecordBatch& batch) {
    ASSIGN_OR_RETURN(const auto hashes, context_.hash.Of(batch));
    ForEachKey(batch, [&](std::string key, size_t row) {
      ++context_.report.state_rows;
      state_[std::move(key)] = hashes[row];
    });
    return {};
  }

  Status ReadLake() {
    return ForEachLakeBatch(
        context_, unit_, Expression::True(),
        [&](const arrow::RecordBatch& batch, const std::vector<uint64_t>& hashes) -> Status {
          ForEachKey(batch, [&](std::string key, size_t row) {
            ++context_.report.lake_rows;
            context_.report.lake_hash += hashes[row];
            const auto [at, is_new] = rows_.try_emplace(std::move(key), hashes[row]);
            if (is_new) return;
            AddFinding(context_, unit_, Kind::kDuplicated, "key " + at->first,
                       "more than once in the lake");
          });
          return {};
        });
  }

  Status ApplyTail(const TableBucket& bucket, Offset log_start, Offset end) {
    const Offset covered = context_.CoveredOf(bucket);
    if (log_start > covered && pass_ == 0) {
      AddFinding(context_, unit_, Kind::kMissing,
                 fmt::format("offsets [{},{})", covered, log_start),
                 "neither in the lake nor in the log");
    }
    return ForEachLogBatch(context_, unit_, bucket, std::max(covered, log_start), end,
                           {.rows = [&](const LakeRows& rows, const auto& hashes) -> Status {
                              Apply(rows, hashes);
                              return {};
                            },
                            .empty = {}});
  }

  void Apply(const LakeRows& rows, const std::vector<uint64_t>& hashes) {
    ForEachKey(*rows.rows, [&](std::string key, size_t row) {
      const ChangeType change = rows.changes.empty() ? ChangeType::kInsert : rows.changes[row];
      ++context_.report.log_rows;
      context_.report.log_hash += hashes[row];
      if (change == ChangeType::kDelete) {
        rows_.erase(key);
      } else if (change != ChangeType::kUpdateBefore) {
        rows_[std::move(key)] = hashes[row];
      }
    });
  }

  void Compare() {
    for (const auto& [key, hash] : state_) {
      const auto found = rows_.find(key);
      if (found == rows_.end()) {
        AddFinding(context_, unit_, Kind::kMissing, "key " + key,
                   "in the table, neither in the lake nor in the log behind it");
        continue;
      }
      ++context_.report.compared_rows;
      if (found->second != hash) {
        AddFinding(context_, unit_, Kind::kAltered, "key " + key,
                   "the lake and the log behind it have other values than the table");
      }
      rows_.erase(found);
    }
    for (const auto& [key, hash] : rows_) {
      AddFinding(context_, unit_, Kind::kUnexpected, "key " + key,
                 "in the lake or the log behind it, not in the table");
    }
  }

  VerifyContext& context_;
  const VerifyUnit& unit_;
  const uint64_t passes_;
  const uint64_t pass_;
  const std::vector<std::string> key_columns_;
  Rows rows_;   // lake, then the tail applied
  Rows state_;  // of the key-value state
};

}  // namespace

Status VerifyKeys(VerifyContext& context, const VerifyUnit& unit) {
  int64_t rows = 0;
  for (const auto& task : unit.tasks) rows += task.data_file.record_count;
  const auto passes = static_cast<uint64_t>(rows / context.request.limits.rows_in_memory_max + 1);
  for (uint64_t pass = 0; pass < passes; ++pass) {
    RETURN_IF_ERROR(KeyShare(context, unit, passes, pass).Run());
  }
  return {};
}

}  // namespace weir
