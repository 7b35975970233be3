// The rows of tables that are acknowledged and not tiered, for the live catalog: reads the buckets' logs behind the
// offsets that a lake snapshot covers, and writes them as tiering would (tiering/hot_tail.h), without committing.
// Thread: any; blocks.
#pragma once

#include "base/result.h"
#include "catalog/hot_rows.h"
#include "meta/catalog.h"
#include "tiering/bucket_logs.h"
#include "tiering/hot_tail.h"
#include "tiering/tiering_runner.h"

namespace weir {

class TieredHotRows : public iceberg::HotRows {
 public:
  /// All must outlive this.
  TieredHotRows(Catalog& catalog, BucketLogs& logs, iceberg::FileIo& io, TieringRunner& tiering)
      : catalog_(catalog), logs_(logs), io_(io), tiering_(tiering) {}

  iceberg::LiveMode ModeOf(TableId table) const override;
  Result<std::string> VersionOf(const iceberg::LoadedTable& table) override;
  Result<iceberg::HotFiles> Write(const iceberg::LoadedTable& table) override;
  Status TierNow(TableId table) override;
  Status BeforeRemoval(TableId table) override;
  Status Adopt(TableId table, const iceberg::Snapshot& snapshot, const LakeOffsets& covered,
               const std::vector<std::string>& files) override;

 private:
  /// What each bucket has behind the table's snapshot, of those that have anything.
  struct Hot {
    std::vector<TailRange> ranges;
    bool incomplete = false;  // a log has lost changes of keys that the lake lacks
  };
  Result<Hot> FindHot(const TableInfo& table, const iceberg::TableMetadata& lake) const;
  bool IsOld(const TableInfo& table, const iceberg::TableMetadata& lake) const;
  Result<LakeOffsets> CoveredBy(TableId table, const iceberg::TableMetadata& lake) const;

  Catalog& catalog_;
  BucketLogs& logs_;
  iceberg::FileIo& io_;
  TieringRunner& tiering_;
};

}  // namespace weir
