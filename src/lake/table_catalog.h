// The catalog that has the lake's tables, as those see it who bring rows into them, look after them and read them:
// tiering, maintenance, SQL, verify. Two implement it: LakeCatalog, built in, whose pointers live in our meta store,
// and RemoteCatalog (remote/), which is a client of any Iceberg REST catalog.
//
// The difference that matters is one question, SharesStore(): whether a commit and what belongs to it in the meta
// store are one transaction. When they are not, the covered offsets are those of the snapshot's own summary, and the
// records of the meta store follow them (tiering/covered_offsets.h).
// Thread: any; what asks a catalog elsewhere, or reads metadata files, blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lake/table_metadata.h"
#include "lake/table_update.h"

namespace weir {
class Transaction;
}  // namespace weir

namespace weir::iceberg {

class FileIo;

/// The levels of a namespace, outermost first; not empty.
using Namespace = std::vector<std::string>;

/// A table or a view.
struct Ident {
  Namespace levels;
  std::string name;

  /// "a.b.t"; for messages.
  std::string ToString() const;
  friend auto operator<=>(const Ident&, const Ident&) = default;
};

/// "a.b"; for messages.
std::string ToString(const Namespace& levels);

struct LoadedTable {
  Ident ident;
  std::shared_ptr<const TableMetadata> metadata;
  std::string metadata_location;     // empty: staged, not yet created
  std::optional<TableId> tiered_by;  // the Fluss table that Weir tiers into it

  explicit operator bool() const { return metadata != nullptr; }
};

struct TableCommit {
  Ident ident;
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;
  std::optional<TableId> tiered_by = std::nullopt;  // with AssertCreate: the new table's
};

class TableCatalog {
 public:
  TableCatalog() = default;
  virtual ~TableCatalog() = default;
  TableCatalog(const TableCatalog&) = delete;
  TableCatalog& operator=(const TableCatalog&) = delete;

  virtual FileIo& files() = 0;
  /// Whether Commit brings `extra` to disk with the table's pointer, or neither. Else it follows the pointer.
  virtual bool SharesStore() const = 0;
  /// Whether every file below the table's location is the table's, so that those nothing leads to may go.
  virtual bool OwnsPlaceOf(const LoadedTable& table) const = 0;

  // What is asked of a catalog elsewhere can also fail with kNetworkException (it cannot be reached),
  // kAuthenticate and kAuthorization (it does not let us in), kUnknownServerError (its answer makes no sense).

  /// Make the namespace, and those around it, when it is missing.
  virtual Status EnsureNamespace(const Namespace& levels) = 0;
  /// Drop the namespaces that EnsureNamespace made, in which nothing is, and that `wanted` does not want.
  virtual Status DropUnusedNamespaces(const std::function<bool(const Namespace&)>& wanted) = 0;
  virtual Result<bool> HasNamespace(const Namespace& levels) const = 0;
  /// Whether there may be an outermost namespace of this name, by what was seen some seconds ago. For names that are
  /// most likely none, such as every `alias.column` of a query.
  virtual Result<bool> MayHaveNamespace(const std::string& name) const = 0;
  /// The direct children of `parent` (the outermost ones when it is empty), by name.
  virtual Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) const = 0;
  /// By name. Errors  kDatabaseNotExist
  virtual Result<std::vector<Ident>> ListTables(const Namespace& levels) const = 0;
  virtual Result<bool> HasTable(const Ident& ident) const = 0;
  /// As it is now. Errors  kTableNotExist
  virtual Result<LoadedTable> LoadTable(const Ident& ident) = 0;

  // Tables that are tiered by us.

  /// The table that `table` is tiered into, as it is now; nothing when there is none.
  virtual Result<std::optional<LoadedTable>> FindTiered(TableId table) = 0;
  /// The same as it was seen last, without asking; all our own commits are in it.
  virtual Result<std::optional<LoadedTable>> LastSeen(TableId table) = 0;
  /// Its name, without asking.
  virtual std::optional<Ident> FindTieredIdent(TableId table) const = 0;
  /// Where its metadata was when it was seen last, without asking. Errors  kTableNotExist
  virtual Result<std::string> MetadataLocation(const Ident& ident) const = 0;
  /// The tables that may be ours to look after, by name, without asking.
  virtual std::vector<Ident> AllTables() const = 0;
  /// Errors  kTableAlreadyExist  the name is taken;  kInvalidTable;  kCommitConflict, kTableNotExist  `tiered_by` was
  ///         dropped meanwhile: nothing of it stays
  virtual Result<LoadedTable> CreateTiered(const Ident& ident, NewTable table,
                                           TableId tiered_by) = 0;
  /// The table is gone: its lake table goes as well, and the files of that, in their own time.
  virtual Status DropTiered(TableId table) = 0;
  /// Work off what DropTiered left to do; files of tables dropped before `before_ms` may go.
  ///
  /// alive  called now and then; an error stops
  virtual Status PurgeDropped(int64_t before_ms, const std::function<Status()>& alive) = 0;

  /// Commit changes of one table, and `extra`, which may be null, with them or after them.
  /// Errors  kCommitConflict      a requirement does not hold, or the table that is tiered into this one was dropped;
  ///                              nothing happened
  ///         kInvalidTable        an update makes no sense; nothing happened
  ///         kCommitStateUnknown  it may have happened: no file may be deleted; look first
  virtual Result<LoadedTable> Commit(TableCommit commit, const Transaction* extra) = 0;
  Result<LoadedTable> Commit(TableCommit commit) { return Commit(std::move(commit), nullptr); }
};

}  // namespace weir::iceberg
