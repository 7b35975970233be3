#include "server/server.h"

#include <google/protobuf/stubs/logging.h>

#include <future>

#include "async/deadline.h"
#include "base/log.h"
#include "base/machine.h"
#include "handlers/handlers.h"
#include "handlers/services.h"
#include "io/file.h"
#include "meta/catalog.h"
#include "server/data_directory.h"
#include "server/lake_service.h"
#include "server/lake_status.h"
#include "server/sql_service.h"
#include "server/tiering_service.h"
#include "server/verify_service.h"
#include "server/wire_service.h"
#include "tablet/kv_environment.h"
#include "tablet/kv_tablet.h"
#include "tablet/tablets.h"

namespace weir {
namespace {

/// Of a stop with the object store; then what waits for it fails, as after a crash.
constexpr std::chrono::seconds kObjectStorePatience(2);
/// Enough for a disk; their memory and CPU time are taken from requests.
constexpr int kWriteBackThreads = 2;

}  // namespace

/// Members are in the order in which they are made; they go in the reverse one.
struct Server::State {
  State(const Configuration& c, DataDirectory d)
      : configuration(c),
        directory(std::move(d)),
        shards(ShardCount(c.server)),
        pool(c.server.blocking_threads),
        write_back_pool(kWriteBackThreads),
        services{.shards = shards, .pool = pool, .clock = SystemClock(), .metrics = metrics} {}

  static int ShardCount(const ServerOptions& options) {
    if (options.shards > 0) return options.shards;
    return AvailableCpus();
  }

  const Configuration& configuration;
  DataDirectory directory;
  MetricRegistry metrics;
  Shards shards;
  BlockingPool pool;
  BlockingPool write_back_pool;  // its own, because what runs in `pool` may wait for it
  Services services;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<LakeService> lake;
  std::unique_ptr<KvEnvironment> kv;
  std::unique_ptr<Tablets> tablets;
  std::unique_ptr<TieringService> tiering;
  std::unique_ptr<VerifyService> verify;
  std::unique_ptr<WireService> wire;
  std::unique_ptr<SqlService> sql;
  bool stopped = false;

  Status OpenStorage();
  Status OpenTablets();
  void HookCatalog();
  void RunAutoPartitions();
  void SweepLiveStates();
};

Status Server::State::OpenStorage() {
  FileSystem& files = RealFileSystem();
  ASSIGN_OR_RETURN(catalog,
                   Catalog::Open(files, directory.path() + "/meta", configuration.catalog));
  catalog->cluster_configs().SetServerOptions(&configuration.options);
  services.catalog = catalog.get();
  ASSIGN_OR_RETURN(lake, LakeService::Open(configuration, directory.path(), *catalog, metrics));
  kv = std::make_unique<KvEnvironment>(
      configuration.kv, files, metrics,
      [this](std::function<void()> work) { write_back_pool.Post(std::move(work)); },
      [this](TableId table, int64_t count) -> Result<IdRange> {
        ASSIGN_OR_RETURN(const IdBlock block, catalog->NewAutoIncrementIds(table, count));
        return IdRange{.first = block.first, .last = block.first + block.count - 1};
      });
  RETURN_IF_ERROR(OpenTablets());
  ASSIGN_OR_RETURN(
      tiering, TieringService::Open(configuration, directory.path(), *lake, *tablets, services));
  lake->rest().SetHotRows(&tiering->hot_rows());
  HookCatalog();
  return {};
}

Status Server::State::OpenTablets() {
  Tablets::Environment environment{
      .shards = shards,
      .pool = pool,
      .files = RealFileSystem(),
      .clock = services.clock,
      .metrics = metrics,
      .find_table = [this](const TableBucket& bucket) { return catalog->FindTable(bucket.table); },
      .open_kv = [this](Tablet& tablet,
                        const std::string& folder) -> Result<std::shared_ptr<KvTablet>> {
        Shard& owner = tablets->ShardOf(tablet.bucket);
        ASSIGN_OR_RETURN(
            std::unique_ptr<KvTablet> opened,
            KvTablet::Open(*tablet.log, tablet.table, tablet.bucket, folder, *kv,
                           [&owner](std::function<void()> f) { owner.Post(std::move(f)); }));
        return std::shared_ptr<KvTablet>(std::move(opened));
      },
      .tables_end = catalog->next_table(),
      .partitions_end = catalog->next_partition(),
      .lake_offset =
          [this](const TableInfo& table, const TableBucket& bucket) {
            return LakeOffsetOf(configuration, catalog->lake_snapshots(), table, bucket);
          },
      .metadata_undecided = &catalog->undecided(),
      .decide_metadata = [this] { (void)catalog->store().Settle(); }};
  TabletsOptions options = configuration.tablets;
  options.data_directory = directory.path();
  ASSIGN_OR_RETURN(tablets, Tablets::Open(std::move(options), std::move(environment)));
  services.tablets = tablets.get();
  return {};
}

void Server::State::HookCatalog() {
  TieringRunner& runner = tiering->runner();
  catalog->SetHooks({
      .may_create_table = [&runner](const TableInfo& table) { return runner.MayChange(table); },
      .may_alter_table = [&runner](const TableInfo& table) { return runner.MayChange(table); },
      .table_created = [&runner](const TableRef& table) { runner.TableCreated(table); },
      .table_dropped =
          [this, &runner](const TableRef& table) {
            runner.TableDropped(table);
            tablets->TableDropped(table);
          },
      .database_dropped = [&runner] { runner.DropUnusedNamespaces(); },
      .partition_dropped =
          [this](const TableRef& table, const PartitionInfo& partition) {
            tablets->PartitionDropped(table, partition.id, partition.name);
          },
      .table_changed =
          [this, &runner](const TableRef& table) {
            tablets->TableChanged(table);
            runner.TableChanged(table);
          },
  });
}

void Server::State::RunAutoPartitions() {
  shards.at(0).timers().Add(configuration.catalog.auto_partition_check_interval, [this] {
    pool.Post([this] { catalog->RunAutoPartitions(); });
    RunAutoPartitions();
  });
}

void Server::State::SweepLiveStates() {
  constexpr std::chrono::seconds kInterval(10);
  shards.at(0).timers().Add(kInterval, [this] {
    pool.Post([this] { lake->rest().Sweep(); });
    SweepLiveStates();
  });
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Stop(); }

Result<std::unique_ptr<Server>> Server::Start(const Configuration& configuration) {
  // Hostile bodies are answered with an error; a line for each would be an attack on the log.
  google::protobuf::SetLogHandler(nullptr);
  ASSIGN_OR_RETURN(DataDirectory directory, DataDirectory::Lock(configuration.server.data_dir));
  auto state = std::make_unique<State>(configuration, std::move(directory));
  State& s = *state;
  // First the addresses: a port in use is the most frequent mistake and must not wait for a
  // recovery.
  ASSIGN_OR_RETURN(s.wire, WireService::Open(configuration, s.services));
  ASSIGN_OR_RETURN(std::unique_ptr<StartingPage> starting,
                   SqlService::OpenStartingPage(configuration));
  Status opened = s.OpenStorage();
  s.shards.Start();  // also when it failed: what was opened is closed on the shards that own it
  RETURN_IF_ERROR(opened);
  s.tablets->Start();
  s.tiering->Start();
  s.verify = std::make_unique<VerifyService>(*s.catalog, *s.lake, *s.tablets);
  s.pool.Post([&s] { s.catalog->RunAutoPartitions(); });
  s.shards.at(0).Post([&s] {
    s.RunAutoPartitions();
    s.SweepLiveStates();
  });
  s.sql = std::make_unique<SqlService>(configuration, *s.catalog, *s.tablets, *s.lake, *s.verify,
                                       s.metrics);
  s.sql->SetLakeStatus(
      [&s] { return LakeStatusJson(s.tiering->runner().StatusesNow(), s.lake->external_state()); });
  // From here on whatever fails must stop what runs: the server's destructor does.
  std::unique_ptr<Server> server(new Server(std::move(state)));
  RETURN_IF_ERROR(s.sql->Start(std::move(starting)));
  s.services.http_port = s.sql->http_port();
  s.wire->Start();
  return server;
}

void Server::Stop() {
  State& s = *state_;
  if (std::exchange(s.stopped, true)) return;
  // An object store that does not answer holds up a stop only so long.
  const Deadline patience(kObjectStorePatience, [&s] { s.lake->files().Stop(); });
  s.sql->Stop();
  s.wire->Stop(s.configuration.server.stop_wait_max);
  s.lake->Stop();
  s.tiering->Stop();
  s.tablets->Stop();
  s.write_back_pool.Stop();
  s.pool.Stop();
  s.shards.Stop();
}

int Server::port() const { return state_->wire->port(); }
Catalog& Server::catalog() { return *state_->catalog; }
Tablets& Server::tablets() { return *state_->tablets; }
SqlService& Server::sql() { return *state_->sql; }
VerifyService& Server::verify() { return *state_->verify; }
MetricRegistry& Server::metrics() { return state_->metrics; }

}  // namespace weir
