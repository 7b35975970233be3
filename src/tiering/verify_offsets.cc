#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>

#include "lake/fluss_layout.h"
#include "tiering/verify_unit.h"

namespace weir {
namespace {

using Kind = VerifyFinding::Kind;
using iceberg::Expression;
using iceberg::ExpressionOp;
using iceberg::Literal;

std::string OffsetsText(Offset from, Offset to) {
  if (to == from + 1) return fmt::format("offset {}", from);
  return fmt::format("offsets [{},{})", from, to);
}

/// The offsets [from, to) of one bucket, all of which should be in the lake.
class OffsetWindow {
 public:
  OffsetWindow(VerifyContext& context, const VerifyUnit& unit, Offset from, Offset to)
      : context_(context), unit_(unit), from_(from), to_(to) {
    hashes_.resize(static_cast<size_t>(to - from));
    counts_.resize(hashes_.size());
  }

  /// `is_last`: look after rows behind the window, too.
  Status ReadLake(bool is_last) {
    const std::string column(iceberg::kOffsetColumn);
    std::vector<Expression> limits;
    if (from_ > 0) {
      limits.push_back(Expression::Compare(ExpressionOp::kGtEq, column, Literal::Long(from_)));
    }
    if (!is_last) {
      limits.push_back(Expression::Compare(ExpressionOp::kLt, column, Literal::Long(to_)));
    }
    ASSIGN_OR_RETURN(const Expression filter,
                     Bind(Expression::And(std::move(limits)), context_.lake.current_schema(),
                          /*case_sensitive=*/true));
    return ForEachLakeBatch(context_, unit_, filter,
                            [&](const arrow::RecordBatch& batch, const auto& hashes) {
                              return TakeLake(batch, hashes, is_last);
                            });
  }

  /// Compare with what the log still has of the window.
  Status ReadLog(Offset log_start) {
    const Offset from = std::max(from_, log_start);
    return ForEachLogBatch(context_, unit_, unit_.buckets.front(), from, to_,
                           {.rows = [&](const LakeRows& rows, const auto& hashes) -> Status {
                              for (size_t i = 0; i < hashes.size(); ++i) {
                                CompareRow(rows, i, hashes[i]);
                              }
                              return {};
                            },
                            .empty = [&](Offset begin, Offset end) { MarkEmpty(begin, end); }});
  }

  /// Offsets that nobody can have, and nobody should.
  void MarkExpired() {
    for (const ExpiredRows& one : context_.expired) {
      if (one.bucket != unit_.buckets.front()) continue;
      for (Offset at = std::max(one.from, from_); at < std::min(one.to, to_); ++at) {
        if (counts_[Slot(at)] > 0) continue;
        counts_[Slot(at)] = kNoRow;
        ++context_.report.expired_rows;
      }
    }
  }

  void ReportMissing(Offset log_start) {
    Offset begin = -1;
    for (Offset at = from_; at <= to_; ++at) {
      const bool missing = at < to_ && counts_[Slot(at)] == 0;
      if (missing && begin < 0) begin = at;
      if (missing || begin < 0) continue;
      AddFinding(
          context_, unit_, Kind::kMissing, OffsetsText(begin, at),
          begin < log_start ? "neither in the lake nor in the log" : "in the log, not in the lake");
      begin = -1;
    }
  }

 private:
  static constexpr uint8_t kNoRow = 255;

  size_t Slot(Offset at) const { return static_cast<size_t>(at - from_); }

  Status TakeLake(const arrow::RecordBatch& batch, const std::vector<uint64_t>& hashes,
                  bool is_last) {
    const auto offsets = std::dynamic_pointer_cast<arrow::Int64Array>(
        batch.GetColumnByName(std::string(iceberg::kOffsetColumn)));
    const auto buckets = std::dynamic_pointer_cast<arrow::Int32Array>(
        batch.GetColumnByName(std::string(iceberg::kBucketColumn)));
    if (offsets == nullptr || buckets == nullptr) {
      return Fail(ErrorCode::kInvalidTable, "lake rows have no offsets");
    }
    for (size_t i = 0; i < hashes.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const Offset at = offsets->Value(row);
      const bool behind = at >= to_ && is_last;
      const bool before = at < 0 && from_ == 0;
      if (buckets->Value(row) != unit_.bucket() || behind || before) {
        AddFinding(context_, unit_, Kind::kUnexpected, OffsetsText(at, at + 1),
                   behind ? "in the lake, although it counts as not there yet: read twice"
                          : "in the lake's partition of another bucket");
      }
      if (at < from_ || at >= to_) continue;
      ++context_.report.lake_rows;
      context_.report.lake_hash += hashes[i];
      hashes_[Slot(at)] = hashes[i];
      uint8_t& count = counts_[Slot(at)];
      if (count > 0) {
        AddFinding(context_, unit_, Kind::kDuplicated, OffsetsText(at, at + 1),
                   "more than once in the lake");
      }
      count = static_cast<uint8_t>(std::min(count + 1, kNoRow - 1));
    }
    return {};
  }

  void CompareRow(const LakeRows& rows, size_t i, uint64_t hash) {
    const Offset at = rows.base_offset + static_cast<Offset>(i);
    if (at < from_ || at >= to_ || counts_[Slot(at)] == 0) return;
    ++context_.report.compared_rows;
    if (hashes_[Slot(at)] == hash) return;
    AddFinding(context_, unit_, Kind::kAltered, OffsetsText(at, at + 1),
               "the log has: " + RowText(*rows.rows, static_cast<int64_t>(i)));
  }

  /// Some offsets have no row: empty batches take one.
  void MarkEmpty(Offset begin, Offset end) {
    for (Offset at = std::max(begin, from_); at < std::min(end, to_); ++at) {
      uint8_t& count = counts_[Slot(at)];
      if (count > 0 && count != kNoRow) {
        AddFinding(context_, unit_, Kind::kUnexpected, OffsetsText(at, at + 1),
                   "in the lake; the log has no row at this offset");
      }
      count = kNoRow;
    }
  }

  VerifyContext& context_;
  const VerifyUnit& unit_;
  const Offset from_;
  const Offset to_;
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t> counts_;
};

Status VerifyTail(VerifyContext& context, const VerifyUnit& unit, const TableBucket& bucket,
                  Offset from, BucketLogs::Range log) {
  const int64_t expired = CountExpired(context.expired, bucket, from, log.start);
  context.report.expired_rows += expired;
  if (log.start - from > expired) {
    AddFinding(context, unit, Kind::kMissing, OffsetsText(from, log.start),
               "neither in the lake nor in the log");
  }
  VerifyReport& report = context.report;
  return ForEachLogBatch(context, unit, bucket, std::max(from, log.start), log.end,
                         {.rows = [&](const LakeRows&, const auto& hashes) -> Status {
                            report.log_rows += static_cast<int64_t>(hashes.size());
                            for (const uint64_t hash : hashes) report.log_hash += hash;
                            return {};
                          },
                          .empty = {}});
}

/// Rows of a log that are in no lake order: how many of each hash there should be.
class Bag {
 public:
  /// starts: of the logs, one for each bucket of the unit.
  Bag(VerifyContext& context, const VerifyUnit& unit, std::vector<Offset> starts, uint64_t passes,
      uint64_t pass)
      : context_(context), unit_(unit), starts_(std::move(starts)), passes_(passes), pass_(pass) {}

  Status FillFromLog() {
    return ForEachCovered([&](const TableBucket&, const LakeRows&, const auto& hashes) {
      for (const uint64_t hash : hashes) {
        if (hash % passes_ == pass_) ++expected_[hash];
      }
    });
  }

  Status TakeLake() {
    return ForEachLakeBatch(
        context_, unit_, Expression::True(),
        [&](const arrow::RecordBatch& batch, const std::vector<uint64_t>& hashes) -> Status {
          for (size_t i = 0; i < hashes.size(); ++i) {
            if (hashes[i] % passes_ == pass_) TakeRow(batch, static_cast<int64_t>(i), hashes[i]);
          }
          return {};
        });
  }

  Status ReportMissing() {
    return ForEachCovered([&](const TableBucket& bucket, const LakeRows& rows, const auto& hashes) {
      for (size_t i = 0; i < hashes.size(); ++i) {
        const auto found = expected_.find(hashes[i]);
        if (found == expected_.end() || found->second <= 0) continue;
        --found->second;
        AddFinding(context_, unit_, Kind::kMissing,
                   fmt::format("bucket {} offset {}", bucket.bucket,
                               rows.base_offset + static_cast<Offset>(i)),
                   "in the log, not in the lake: " + RowText(*rows.rows, static_cast<int64_t>(i)));
      }
    });
  }

 private:
  void TakeRow(const arrow::RecordBatch& batch, int64_t row, uint64_t hash) {
    ++context_.report.lake_rows;
    context_.report.lake_hash += hash;
    const auto found = expected_.find(hash);
    if (found == expected_.end()) {
      AddFinding(context_, unit_, Kind::kUnexpected, RowText(batch, row),
                 "in the lake, not in the log");
      return;
    }
    ++context_.report.compared_rows;
    if (--found->second < 0) {
      AddFinding(context_, unit_, Kind::kDuplicated, RowText(batch, row),
                 "more often in the lake than in the log");
    }
  }

  template <class F>
  Status ForEachCovered(F take) {
    for (size_t i = 0; i < unit_.buckets.size(); ++i) {
      const TableBucket& bucket = unit_.buckets[i];
      RETURN_IF_ERROR(
          ForEachLogBatch(context_, unit_, bucket, starts_[i], context_.CoveredOf(bucket),
                          {.rows = [&](const LakeRows& rows, const auto& hashes) -> Status {
                             take(bucket, rows, hashes);
                             return {};
                           },
                           .empty = {}}));
    }
    return {};
  }

  VerifyContext& context_;
  const VerifyUnit& unit_;
  const std::vector<Offset> starts_;
  const uint64_t passes_;
  const uint64_t pass_;
  std::unordered_map<uint64_t, int64_t> expected_;
};

/// What can be said when the log's beginning is gone and rows carry no offsets.
Status VerifyCount(VerifyContext& context, const VerifyUnit& unit, int64_t expected) {
  int64_t rows = 0;
  RETURN_IF_ERROR(ForEachLakeBatch(context, unit, Expression::True(),
                                   [&](const arrow::RecordBatch&, const auto& hashes) -> Status {
                                     rows += static_cast<int64_t>(hashes.size());
                                     for (const uint64_t hash : hashes) {
                                       context.report.lake_hash += hash;
                                     }
                                     return {};
                                   }));
  context.report.lake_rows += rows;
  if (rows != expected) {
    AddFinding(context, unit, rows < expected ? Kind::kMissing : Kind::kUnexpected, "row count",
               fmt::format("the lake has {} rows for {} offsets", rows, expected));
  }
  return {};
}

}  // namespace

Status VerifyOffsets(VerifyContext& context, const VerifyUnit& unit) {
  const TableBucket& bucket = unit.buckets.front();
  ASSIGN_OR_RETURN(const auto ranges, context.request.logs->Ranges(std::span(&bucket, 1)));
  const BucketLogs::Range log = ranges.front();
  const Offset covered = context.CoveredOf(bucket);
  const int64_t step = context.request.limits.rows_in_memory_max;
  Offset from = 0;
  do {
    const Offset to = std::min(covered, from + step);
    OffsetWindow window(context, unit, from, to);
    RETURN_IF_ERROR(window.ReadLake(/*is_last=*/to == covered));
    RETURN_IF_ERROR(window.ReadLog(log.start));
    window.MarkExpired();
    window.ReportMissing(log.start);
    from = to;
  } while (from < covered);
  return VerifyTail(context, unit, bucket, covered, log);
}

Status VerifyBags(VerifyContext& context, const VerifyUnit& unit) {
  ASSIGN_OR_RETURN(const auto ranges, context.request.logs->Ranges(unit.buckets));
  int64_t covered = 0;
  bool whole = true;
  std::vector<Offset> starts;
  for (size_t i = 0; i < unit.buckets.size(); ++i) {
    const Offset end = context.CoveredOf(unit.buckets[i]);
    const Offset start = std::min(ranges[i].start, end);
    const int64_t expired = CountExpired(context.expired, unit.buckets[i], 0, end);
    context.report.expired_rows += expired;
    covered += end - expired;
    whole = whole && CountExpired(context.expired, unit.buckets[i], 0, start) == start;
    starts.push_back(ranges[i].start);
  }
  if (whole) {
    const auto passes =
        static_cast<uint64_t>(covered / context.request.limits.rows_in_memory_max + 1);
    for (uint64_t pass = 0; pass < passes; ++pass) {
      Bag bag(context, unit, starts, passes, pass);
      RETURN_IF_ERROR(bag.FillFromLog());
      RETURN_IF_ERROR(bag.TakeLake());
      RETURN_IF_ERROR(bag.ReportMissing());
    }
  } else {
    RETURN_IF_ERROR(VerifyCount(context, unit, covered));
  }
  for (size_t i = 0; i < unit.buckets.size(); ++i) {
    RETURN_IF_ERROR(
        VerifyTail(context, unit, unit.buckets[i], context.CoveredOf(unit.buckets[i]), ranges[i]));
  }
  return {};
}

}  // namespace weir
