// The built-in Iceberg catalog: namespaces, tables and views, and for each the metadata file that is current.
//
// A commit writes a new `…metadata.json` under a name never used before, then swaps the pointers of all its tables
// in one transaction of the meta store, together with whatever else the caller must have happen at the same moment
// (covered offsets of tiering: INV-5). A crash between the two leaves an orphan file and nothing else. Commits of
// one table go one after another; those of different tables do not wait for each other's files.
//
// Locations are ours to give: `<warehouse>/<namespace>/<table>-<8 of the uuid>`. Everything in a table's metadata
// that names a place is checked to lie below it (lake/location_rules.h).
//
// Thread: any; every call that reads or writes metadata files blocks.
// Format: docs/formats/lake_catalog.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "lake/table_catalog.h"
#include "lake/view_metadata.h"

namespace weir {
class Store;
}  // namespace weir

namespace weir::iceberg {

struct LakeCatalogOptions {
  std::string warehouse;  // absolute path, file:///… or s3://bucket/…
  /// Places besides the warehouse that clients may choose for tables and views, and register tables from.
  std::vector<std::string> other_places = {};
  /// Parsed metadata kept in memory, in bytes.
  int64_t cached_metadata_bytes_max = 64 * MiB;
};

struct LoadedView {
  Ident ident;
  std::shared_ptr<const ViewMetadata> metadata;
  std::string metadata_location;
};

enum class Purge : uint8_t { kNo, kYes };
enum class Overwrite : uint8_t { kNo, kYes };

/// Where a table's files are.
struct TablePlace {
  std::string metadata_location;
  std::string root;
};

/// A dropped table, or one that was not made to the end, whose files may be deleted by maintenance.
struct PurgeRequest {
  std::string id;    // the table's uuid
  std::string root;  // all its files are below
  std::string metadata_location;
  int64_t dropped_ms = 0;
};

struct ChangedKeys {
  std::vector<std::string> updated;
  std::vector<std::string> removed;
  std::vector<std::string> missing;  // asked to be removed, not there
};

/// Property of a namespace that nobody asked for but a table that is tiered: it goes with the last of them.
inline constexpr std::string_view kMadeForTiering = "weir.made-for-tiering";

class LakeCatalog final : public TableCatalog {
 public:
  /// Errors  kStorage  a record cannot be read
  static Result<std::unique_ptr<LakeCatalog>> Open(Store& store, FileIo& files,
                                                   LakeCatalogOptions options,
                                                   const Clock& clock = SystemClock());
  ~LakeCatalog() override;

  const LakeCatalogOptions& options() const;
  FileIo& files() override;
  bool SharesStore() const override { return true; }
  /// Only below the warehouse do all files belong to one table.
  bool OwnsPlaceOf(const LoadedTable& table) const override;

  // Namespaces. Errors of all: kDatabaseNotExist.

  /// Levels above are made when missing, as the REST specification allows.
  /// Errors  kInvalidDatabase  a bad name;  kDatabaseAlreadyExist
  Status CreateNamespace(const Namespace& levels, const StringMap& properties = {});
  /// The same when it may be there already; a new one gets the property kMadeForTiering.
  Status EnsureNamespace(const Namespace& levels) override;
  Status DropUnusedNamespaces(const std::function<bool(const Namespace&)>& wanted) override;
  bool NamespaceExists(const Namespace& levels) const;
  Result<bool> HasNamespace(const Namespace& levels) const override {
    return NamespaceExists(levels);
  }
  Result<bool> MayHaveNamespace(const std::string& name) const override {
    return NamespaceExists({name});
  }
  Result<StringMap> NamespaceProperties(const Namespace& levels) const;
  /// Errors  kInvalidDatabase  a key in both
  Result<ChangedKeys> UpdateNamespace(const Namespace& levels,
                                      const std::vector<std::string>& removals,
                                      const StringMap& updates);
  /// The direct children of `parent` (the outermost ones when it is empty), by name.
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) const override;
  /// Errors  kDatabaseNotEmpty  it has tables, views or namespaces
  Status DropNamespace(const Namespace& levels);

  // Tables. Errors of all: kTableNotExist; kStorage and others of FileIo.

  /// By name.
  Result<std::vector<Ident>> ListTables(const Namespace& levels) const override;
  bool TableExists(const Ident& ident) const;
  Result<bool> HasTable(const Ident& ident) const override { return TableExists(ident); }
  Result<LoadedTable> LoadTable(const Ident& ident) override;
  /// The table that Weir tiers `table` into; nothing when there is none.
  Result<std::optional<LoadedTable>> FindTiered(TableId table) override;
  Result<std::optional<LoadedTable>> LastSeen(TableId table) override { return FindTiered(table); }
  std::optional<Ident> FindTieredIdent(TableId table) const override;
  /// Where the current metadata is, without reading it; for entity tags.
  Result<std::string> MetadataLocation(const Ident& ident) const override;
  Result<TablePlace> PlaceOf(const Ident& ident) const;

  /// What CreateTable would make: nothing is written. Complete it by Commit with AssertCreate.
  /// Errors  kDatabaseNotExist, kTableAlreadyExist, kInvalidTable
  Result<LoadedTable> StageTable(const Ident& ident, NewTable table);
  /// `table.location` is followed only into the other places; else the location is ours to give. What a crash leaves
  /// at such a location is a PurgeRequest's.
  /// Errors  kDatabaseNotExist; kTableAlreadyExist, also when a view has the name; kInvalidTable
  Result<LoadedTable> CreateTable(const Ident& ident, NewTable table,
                                  std::optional<TableId> tiered_by = std::nullopt,
                                  const Transaction* extra = nullptr);
  Result<LoadedTable> CreateTiered(const Ident& ident, NewTable table, TableId tiered_by) override {
    return CreateTable(ident, std::move(table), tiered_by);
  }
  /// Take over a table by its metadata file, which must lie where we may read (LakeCatalogOptions).
  /// Errors  kAuthorization  it does not, or belongs to a table that exists
  Result<LoadedTable> RegisterTable(const Ident& ident, const std::string& metadata_location,
                                    Overwrite overwrite = Overwrite::kNo);
  /// Errors  kDatabaseNotExist  of the new name;  kTableAlreadyExist
  Status RenameTable(const Ident& from, const Ident& to);
  /// `kYes` records a PurgeRequest; files are never deleted here.
  Status DropTable(const Ident& ident, Purge purge);
  Status DropTiered(TableId table) override;
  /// Give up tiering into the table; it stays, as an ordinary one.
  Status ReleaseTiered(TableId table);

  /// Commit changes of one or several tables, all or none, and `extra` with them.
  /// Errors  kCommitConflict      a requirement does not hold; nothing happened
  ///         kInvalidTable        an update makes no sense, a table is named twice, or a place is not the table's
  ///         kAuthorization       main of a table that is tiered into would go back, or to another branch
  ///         kCommitStateUnknown  the store failed while it wrote: it may turn out to have happened.
  ///                              No file may be deleted; read back first
  /// Durable when it returns.
  Result<std::vector<LoadedTable>> Commit(std::span<const TableCommit> commits,
                                          const Transaction* extra = nullptr);
  Result<LoadedTable> Commit(TableCommit commit, const Transaction* extra) override;
  using TableCatalog::Commit;

  // Views. They and tables share names. Errors of all: kTableNotExist.

  Result<std::vector<Ident>> ListViews(const Namespace& levels) const;
  bool ViewExists(const Ident& ident) const;
  Result<LoadedView> LoadView(const Ident& ident);
  /// `version.schema_id` and `version_id` are assigned.
  /// Errors  kDatabaseNotExist, kTableAlreadyExist, kInvalidTable
  Result<LoadedView> CreateView(const Ident& ident, Schema schema, ViewVersion version,
                                StringMap properties);
  /// Errors  kCommitConflict, kInvalidTable, kCommitStateUnknown  as for tables
  Result<LoadedView> CommitView(const Ident& ident, std::span<const AssertViewUuid> requirements,
                                std::span<const ViewUpdate> updates);
  Status RenameView(const Ident& from, const Ident& to);
  Status DropView(const Ident& ident);

  // For maintenance.

  /// Every table there is, of all namespaces.
  std::vector<Ident> AllTables() const override;
  /// Those of tables that are being made right now are left out.
  std::vector<PurgeRequest> PurgeRequests() const;
  /// The files of a request are gone.
  Status ForgetPurge(const std::string& id);
  /// lake/purge_tables.h
  Status PurgeDropped(int64_t before_ms, const std::function<Status()>& alive) override;

 private:
  struct State;
  explicit LakeCatalog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir::iceberg
