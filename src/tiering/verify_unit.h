// One part of a check that can be compared on its own: the buckets whose rows share a partition of the lake table, and
// the scan tasks of that partition. For verify.cc and its parts.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "meta/lake_snapshots.h"
#include "tiering/expired_rows.h"
#include "tiering/lake_batch.h"
#include "tiering/row_hash.h"
#include "tiering/verify.h"

namespace weir {

/// What all units share.
struct VerifyContext {
  const VerifyRequest& request;
  const iceberg::TableMetadata& lake;
  const LakeOffsets covered;
  const std::vector<ExpiredRows> expired;
  iceberg::FileIo& io;
  iceberg::DeleteCache deletes;
  LakeBatchReader& reader;
  RowHash hash;
  VerifyReport& report;

  Offset CoveredOf(const TableBucket& bucket) const;
};

struct VerifyUnit {
  std::string partition;
  std::vector<TableBucket> buckets;
  std::vector<iceberg::FileScanTask> tasks;

  BucketId bucket() const { return buckets.size() == 1 ? buckets.front().bucket : -1; }
};

/// Note a finding, in full as long as there are not too many.
void AddFinding(VerifyContext& context, const VerifyUnit& unit, VerifyFinding::Kind kind,
                std::string where, std::string detail);

/// Hand over the live rows of the unit's lake files. A file that cannot be read is a finding.
using TakeLakeRows =
    std::function<Status(const arrow::RecordBatch& batch, const std::vector<uint64_t>& hashes)>;
Status ForEachLakeBatch(VerifyContext& context, const VerifyUnit& unit,
                        const iceberg::Expression& filter, const TakeLakeRows& take);

/// Hand over the log's rows in [from, to), and the offsets that batches without rows take. Damage and gaps are
/// findings.
struct LogRowsSink {
  std::function<Status(const LakeRows& rows, const std::vector<uint64_t>& hashes)> rows;
  std::function<void(Offset from, Offset to)> empty;
};
Status ForEachLogBatch(VerifyContext& context, const VerifyUnit& unit, const TableBucket& bucket,
                       Offset from, Offset to, const LogRowsSink& sink);

/// The values of a row in words, of some columns or (none named) of all.
std::string RowText(const arrow::RecordBatch& batch, int64_t row,
                    std::span<const std::string> columns = {});

/// Log tables of the layout with offsets.
Status VerifyOffsets(VerifyContext& context, const VerifyUnit& unit);
/// Log tables of the layout without.
Status VerifyBags(VerifyContext& context, const VerifyUnit& unit);
/// Primary-key tables.
Status VerifyKeys(VerifyContext& context, const VerifyUnit& unit);

}  // namespace weir
