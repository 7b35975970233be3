// The lake as a query sees it: which table a name means, and the one snapshot of a tiered table that goes with the
// offsets up to which it has the log.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lake/table_catalog.h"
#include "meta/catalog.h"
#include "sql/lake_scan.h"

namespace weir {

/// What a tiered table has in the lake: a snapshot and the first offsets that are not in it. Both were committed in
/// one transaction (INV-5), so that log rows from there on are the rest (INV-6).
struct LakeHalf {
  std::shared_ptr<const iceberg::TableMetadata> table;
  LakeSnapshot snapshot;
  int64_t rows_of =
      0;  // the snapshot to read: that one, or what others have committed on top of it

  const LakeOffsets& offsets() const {
    return snapshot.readable ? *snapshot.readable : snapshot.tiered;
  }
};

class LakeTables {
 public:
  /// lake  null: there is none
  LakeTables(iceberg::TableCatalog* lake, const LakeSnapshots& snapshots)
      : lake_(lake), snapshots_(snapshots) {}

  iceberg::FileIo& files() const { return lake_->files(); }

  /// The table that `dotted` means in the lake: all its parts as levels, else the last two, in `database` when it has
  /// no parts. Nothing when there is none.
  Result<std::optional<iceberg::Ident>> Find(std::string_view dotted,
                                             const std::string& database) const;
  Result<bool> HasNamespace(const std::string& name) const;
  /// The outermost namespaces, and the tables of one; empty without a lake.
  Result<std::vector<std::string>> Namespaces() const;
  Result<std::vector<std::string>> Tables(const std::string& name_space) const;

  Result<iceberg::LoadedTable> Load(const iceberg::Ident& ident) const {
    return lake_->LoadTable(ident);
  }
  /// The lake table that `table` is tiered into.
  /// Errors  kTableNotExist  nothing was tiered yet, or there is no lake
  Result<iceberg::LoadedTable> LoadTiered(const TableInfo& table) const;

  /// Nothing when no row of the table is in the lake.
  Result<std::optional<LakeHalf>> HalfOf(const TableInfo& table) const;
  /// Whether `half` is what HalfOf would give now.
  bool IsCurrent(const TableInfo& table, const std::optional<LakeHalf>& half) const;

 private:
  iceberg::TableCatalog* const lake_;
  const LakeSnapshots& snapshots_;
};

/// The table's columns as they are in the lake, system columns left out.
std::vector<LakeColumn> TableColumnsIn(const iceberg::TableMetadata& lake, const Schema& schema);

/// Columns of `table$changelog` of a log table, when the lake keeps offsets (layout fluss); else nothing.
std::vector<LakeColumn> ChangelogColumnsIn(const iceberg::TableMetadata& lake,
                                           const Schema& schema);

}  // namespace weir
