// Tables in an Iceberg REST catalog elsewhere (Apache Polaris, another Weir, any other), for tiering, maintenance and
// SQL of this server: the other implementation of lake/table_catalog.h.
//
// A commit is one request with the snapshot it was built on as its requirement. When its outcome is not told, the
// table is read back; when the snapshot is not in there the same commit is sent again, which the requirement makes
// safe: at most one of them can apply. Only what the catalog refuses counts as not done. The meta store follows
// the catalog: it has which tables are ours, and where their metadata was when it was seen last (remote_records.h).
//
// Nothing in an answer is believed beyond its table: its uuid must be the one that was made, its location where
// the configuration lets tables lie (`datalake.iceberg.other-locations`), and every place in it below that.
// Starting needs no catalog. Thread: any; what asks blocks.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lake/metadata_cache.h"
#include "lake/table_catalog.h"
#include "remote/remote_records.h"
#include "remote/rest_client.h"

namespace weir {
class Store;
}  // namespace weir

namespace weir::iceberg {

struct RemotePlaces {
  /// Where tables may lie. Empty: anywhere in an object store, nowhere on the local disk.
  std::vector<std::string> allowed;
  /// Ours: no table may lie in or around it.
  std::string data_directory;
};

class RemoteCatalog final : public TableCatalog {
 public:
  /// What is by reference must outlive it. Errors  kStorage  a record cannot be read
  static Result<std::unique_ptr<RemoteCatalog>> Open(Store& store, FileIo& files,
                                                     RestClient& client, RemotePlaces places,
                                                     const Clock& clock);

  FileIo& files() override { return files_; }
  bool SharesStore() const override { return false; }
  bool OwnsPlaceOf(const LoadedTable& table) const override;

  Status EnsureNamespace(const Namespace& levels) override;
  /// Nothing: what an external catalog shows is its owner's to tidy.
  Status DropUnusedNamespaces(const std::function<bool(const Namespace&)>& /*wanted*/) override {
    return {};
  }
  Result<bool> HasNamespace(const Namespace& levels) const override;
  Result<bool> MayHaveNamespace(const std::string& name) const override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) const override;
  Result<std::vector<Ident>> ListTables(const Namespace& levels) const override;
  Result<bool> HasTable(const Ident& ident) const override;
  Result<LoadedTable> LoadTable(const Ident& ident) override;

  Result<std::optional<LoadedTable>> FindTiered(TableId table) override;
  Result<std::optional<LoadedTable>> LastSeen(TableId table) override;
  std::optional<Ident> FindTieredIdent(TableId table) const override;
  Result<std::string> MetadataLocation(const Ident& ident) const override;
  std::vector<Ident> AllTables() const override;
  Result<LoadedTable> CreateTiered(const Ident& ident, NewTable table, TableId tiered_by) override;
  Status DropTiered(TableId table) override;
  Status PurgeDropped(int64_t before_ms, const std::function<Status()>& alive) override;

  Result<LoadedTable> Commit(TableCommit commit, const Transaction* extra) override;
  using TableCatalog::Commit;

 private:
  /// What is known of a table of ours. `one` is held while its state in the catalog is read or changed, so that what
  /// is remembered never goes back. A table that is dropped meanwhile is so at once; the catalog is told after that.
  struct Ours {
    std::shared_ptr<std::mutex> one = std::make_shared<std::mutex>();
    RemoteRecord record;
    std::string etag;  // of the metadata at record.metadata_location
  };

  /// The outermost namespaces as they were some seconds ago.
  struct Outermost {
    std::set<std::string> names;
    std::optional<Error> error;  // when they could not be asked for, ever
    int64_t asked_ms = INT64_MIN / 2;
  };

  RemoteCatalog(Store& store, FileIo& files, RestClient& client, RemotePlaces places,
                const Clock& clock)
      : store_(store), files_(files), client_(client), places_(std::move(places)), clock_(clock) {}

  std::optional<Ours> Find(TableId table) const;
  std::optional<Ours> Find(const Ident& ident) const;
  /// Errors  kTableNotExist  the table was dropped, and the record is not about that
  Status Save(RemoteRecord record, std::string etag, const Transaction* extra);
  /// The same; the caller holds saving_.
  Status SaveHeld(RemoteRecord record, std::string etag, const Transaction* extra);
  Status Forget(TableId table);

  Status CheckPlace(const std::string& location) const;
  Result<LoadedTable> TableOf(const Ident& ident, const RestAnswer& answer) const;
  Result<LoadedTable> Ask(const Ident& ident, const std::string& etag, std::string* new_etag);
  Result<LoadedTable> LoadOurs(const Ours& ours);
  Result<LoadedTable> Keep(const Ours& ours, LoadedTable table, std::string etag,
                           const Transaction* extra);
  Result<LoadedTable> Adopt(RemoteRecord record);
  Status FinishDrop(const RemoteRecord& record);
  Result<LoadedTable> CommitOurs(const Ours& ours, const TableCommit& commit,
                                 const Transaction* extra);
  Result<std::vector<boost::json::value>> Pages(const std::string& path,
                                                std::string_view member) const;

  Store& store_;
  FileIo& files_;
  RestClient& client_;
  const RemotePlaces places_;
  const Clock& clock_;
  MetadataCache cache_{64 * MiB};

  std::mutex saving_;         // the records of the store and those here change in one order
  mutable std::mutex mutex_;  // guards tables_
  std::map<TableId, Ours> tables_;

  mutable std::mutex names_mutex_;  // one asks at a time; guards outermost_
  mutable Outermost outermost_;
};

}  // namespace weir::iceberg
