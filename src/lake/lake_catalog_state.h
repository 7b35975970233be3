// The inside of LakeCatalog: names in memory as the store has them, metadata that was read lately, and the order in
// which things are locked. Internal to lake/lake_catalog*.cc.
//
// Locks, outermost first: the commit lock of each table of a commit (by uuid), `changes` (one change of names or
// pointers at a time, held while the store writes), `names` (the maps).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "lake/file_io.h"
#include "lake/lake_records.h"
#include "lake/metadata_cache.h"
#include "meta/store.h"

namespace weir::iceberg {

struct LakeCatalog::State {
  State(Store& s, FileIo& f, LakeCatalogOptions o, const Clock& c)
      : store(s),
        files(f),
        options(std::move(o)),
        clock(c),
        cache(options.cached_metadata_bytes_max) {}

  Status Load();

  // Names; the caller holds `names`.
  bool HasNamespace(const Namespace& levels) const { return namespaces.contains(levels); }
  Status NeedNamespace(const Namespace& levels) const;
  /// Errors  kTableAlreadyExist  a table or a view has the name
  Status NeedFree(const Ident& ident) const;
  /// Whether `table` may lie at `root`: below the warehouse or another place, and not in, around or at another one's.
  Status NeedOwnPlace(const Ident& table, const std::string& root) const;

  /// Where files of a table with this root may be.
  std::vector<std::string> RootsOf(const std::string& root) const;

  /// A copy of a record. Errors  kTableNotExist
  Result<LakeRecord> FindTable(const Ident& ident) const;
  Result<LakeRecord> FindView(const Ident& ident) const;

  Result<std::shared_ptr<const TableMetadata>> Read(const std::string& location);
  Result<std::string> WriteMetadata(const TableMetadata& metadata, const std::string& before);
  Result<std::string> WriteView(const ViewMetadata& metadata, const std::string& before);

  /// Write a new table's metadata and put it into the catalog. Errors  those of CreateTable
  Status Make(LoadedTable& made, const Transaction* extra);
  /// Write down that files appear at a place nobody has yet, so that they go should the table never come to be. The
  /// commit that makes the table takes the note away. Nothing to note: the place is not of our making.
  Status NoteMaking(const TableMetadata& table);
  /// Drop a table; the caller holds `changes`. Errors  kTableNotExist
  Status Drop(const Ident& ident, Purge purge);
  /// The table is there, or certainly is not.
  void EndMaking(const std::string& uuid);

  /// One commit of several tables on its way (lake_commits.cc).
  class TableCommits;
  std::shared_ptr<std::mutex> CommitLock(const std::string& uuid);
  /// Write a transaction that swaps pointers. Errors  kCommitStateUnknown; kCommitConflict  what it needs is gone
  Status CommitPointers(const Transaction& transaction);

  Store& store;
  FileIo& files;
  const LakeCatalogOptions options;
  const Clock& clock;
  MetadataCache cache;

  std::mutex changes;
  mutable std::shared_mutex names;  // guards the maps; written only under `changes`
  std::map<Namespace, StringMap> namespaces;
  std::map<Ident, LakeRecord> tables;
  std::map<Ident, LakeRecord> views;
  std::map<TableId, Ident> tiered;

  std::mutex making_mutex;
  std::set<std::string> making;  // uuids of tables whose making is noted and goes on

  std::mutex locks_mutex;
  std::map<std::string, std::weak_ptr<std::mutex>> commit_locks;  // by uuid
};

}  // namespace weir::iceberg
