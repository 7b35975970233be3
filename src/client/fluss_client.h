// Our own client of the Fluss protocol: catalog calls and the way to the leader of a bucket.
// Writers, scanners and look-ups are built on it (table_writer.h, log_scanner.h, lookuper.h).
// Blocking; one thread at a time.
//   ASSIGN_OR_RETURN(auto client, FlussClient::Connect("127.0.0.1:9123", {}));
//   ASSIGN_OR_RETURN(const TableRef table, client->OpenTable({"sales", "orders"}));
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "client/client_connection.h"
#include "meta/table_descriptor.h"
#include "meta/table_info.h"
#include "meta/table_path.h"

namespace weir {

/// Which offset of a bucket LIST_OFFSETS should name.
struct OffsetQuery {
  enum class Kind : int32_t { kEarliest = 0, kLatest = 1, kTimestamp = 2 };  // as on the wire
  Kind kind = Kind::kEarliest;
  int64_t timestamp_ms = 0;  // kTimestamp: the first offset written at or after it
};

/// What CREATE and DROP do about a thing that is there already, or is not there.
enum class IfThere { kFail, kIgnore };

/// How many rows a bucket holds, or why that is not known.
struct BucketStats {
  TableBucket bucket;
  std::optional<int64_t> rows;
};

class FlussClient {
 public:
  /// bootstrap  "host:port" of any server of the cluster
  /// Errors     as ClientConnection::Open;  kLeaderNotAvailable  no tablet server is registered
  static Result<std::unique_ptr<FlussClient>> Connect(std::string_view bootstrap,
                                                      const ClientOptions& options);

  Result<std::vector<std::string>> ListDatabases();
  Status CreateDatabase(const std::string& name, IfThere if_there);
  Status DropDatabase(const std::string& name);  // with its tables

  Result<std::vector<std::string>> ListTables(const std::string& database);
  Status CreateTable(const TablePath& path, const TableDescriptor& descriptor, IfThere if_there);
  Status DropTable(const TablePath& path, IfThere if_not_there);
  /// The table as the server describes it, with its partitions and the latest schema.
  Result<TableRef> OpenTable(const TablePath& path);
  /// values  one text per partition key, in partition key order
  Status CreatePartition(const TableInfo& table, const std::vector<std::string>& values);
  /// A schema the table had before; for reading old batches.
  Result<std::shared_ptr<const Schema>> FetchSchema(const TableInfo& table, SchemaId id);

  /// One offset per bucket of the table, or of one partition.
  Result<std::vector<Offset>> ListOffsets(const TableInfo& table,
                                          std::optional<PartitionId> partition,
                                          const OffsetQuery& spec);
  Result<std::vector<BucketStats>> Stats(const TableInfo& table,
                                         std::optional<PartitionId> partition);
  Result<int64_t> InitWriter(const TablePath& path);

  /// The connection to the server that leads `bucket`; stays valid as long as the client.
  Result<ClientConnection*> LeaderOf(const TableInfo& table, const TableBucket& bucket);
  /// The connection for requests that change the catalog.
  ClientConnection& coordinator() { return *coordinator_; }

  /// Every bucket of the table, all partitions.
  static std::vector<TableBucket> BucketsOf(const TableInfo& table);

 private:
  FlussClient() = default;

  Status Bootstrap(const std::string& host, int port);
  Result<ClientConnection*> ConnectTo(const std::string& host, int port);
  Status FindLeaders(const TableInfo& table, const TableBucket& bucket);

  ClientOptions options_;
  std::map<std::pair<std::string, int>, std::unique_ptr<ClientConnection>>
      connections_;                                      // by address
  std::map<int32_t, ClientConnection*> tablet_servers_;  // by node id
  std::map<TableBucket, int32_t> leaders_;
  ClientConnection* coordinator_ = nullptr;
};

}  // namespace weir
