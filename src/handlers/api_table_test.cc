// Every row of the API table against every kind of caller, over a real connection: strangers get
// 46, callers without permission 48 for exactly the row's operation and resource, unserved
// requests 2. Written from the table: a new row is in the test by being in the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <set>

#include "handlers/handlers.h"
#include "handlers/services.h"
#include "net/connection_set.h"
#include "rpc/rpc_server.h"

namespace weir {
namespace {

using boost::asio::ip::tcp;

/// Says no to everything and remembers what it was asked.
class DenyEverything : public Authorizer {
 public:
  Status Authorize(const Principal& principal, Operation operation,
                   const Resource& resource) const override {
    asked.push_back({operation, resource.type});
    names.push_back(resource.name);
    return Fail(ErrorCode::kAuthorization, "denied: principal={}", principal.name);
  }
  bool allows_everything() const override { return false; }

  mutable std::vector<std::pair<Operation, ResourceType>> asked;
  mutable std::vector<std::string> names;
};

struct Answer {
  ReplyType type = ReplyType::kSuccess;
  int32_t request_id = 0;
  ErrorCode code = ErrorCode::kNone;
  std::string body;
};

class ApiTableTest : public ::testing::Test {
 protected:
  void Connect(std::map<std::string, std::string> users, const Authorizer& authorizer) {
    authenticator_ = std::make_unique<Authenticator>(std::move(users));
    rpc_ = std::make_unique<RpcServer>(
        RpcServerParts{.apis = Apis(),
                       .services = services_,
                       .authenticator = *authenticator_,
                       .authorizer = authorizer,
                       .table_name = [](TableId) { return std::string("db.t"); },
                       .metrics = metrics_});
    Reconnect();
  }
  void Reconnect() {
    tcp::acceptor acceptor(Home().io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    client_ = tcp::socket(Home().io());
    client_.connect(acceptor.local_endpoint());
    client_.non_blocking(true);
    set_.Adopt(
        acceptor.accept(), [this](Connection& connection) { return rpc_->MakeSession(connection); },
        !authenticator_->required());
  }
  ~ApiTableTest() override {
    set_.CloseAll();
    Turn();
  }

  Shard& Home() { return shards_.at(0); }
  void Turn() {
    for (int quiet = 0; quiet < 3;) quiet = Home().io().poll() == 0 ? quiet + 1 : 0;
  }

  Answer Ask(ApiKey key, int16_t version, const std::string& body) {
    char header[12];
    StoreRequestHeader(header, {key, version, ++request_id_}, static_cast<int64_t>(body.size()));
    const std::string frame = std::string(header, sizeof(header)) + body;
    EXPECT_EQ(::send(client_.native_handle(), frame.data(), frame.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(frame.size()));
    Turn();
    char buffer[65536];
    ssize_t got = ::recv(client_.native_handle(), buffer, sizeof(buffer), 0);
    // Some answers come late on purpose: let the loop run until there is one.
    while (got < 0 && errno == EAGAIN) {
      Home().io().run_one();
      Turn();
      got = ::recv(client_.native_handle(), buffer, sizeof(buffer), 0);
    }
    if (got < static_cast<ssize_t>(kReplyHeaderBytes))
      return {.code = ErrorCode::kNetworkException};
    Answer answer{.type = static_cast<ReplyType>(buffer[4]),
                  .request_id = LoadBe<int32_t>(buffer + 5)};
    answer.body.assign(buffer + kReplyHeaderBytes, static_cast<size_t>(got) - kReplyHeaderBytes);
    pb::ErrorResponse error;
    if (answer.type == ReplyType::kError && error.ParseFromString(answer.body)) {
      answer.code = static_cast<ErrorCode>(error.error_code());
    }
    EXPECT_EQ(answer.request_id, request_id_);
    return answer;
  }

  Shards shards_{1};
  BlockingPool pool_{1};
  MetricRegistry metrics_;
  Services services_{.shards = shards_, .pool = pool_, .clock = SystemClock(), .metrics = metrics_};
  ConnectionSet set_{Home(), ConnectionLimits{}, 64 * MiB, SystemClock()};
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<RpcServer> rpc_;
  tcp::socket client_{Home().io()};
  int32_t request_id_ = 0;
};

template <class Request>
std::string OfPath() {
  Request request;
  request.mutable_table_path()->set_database_name("db");
  request.mutable_table_path()->set_table_name("t");
  return request.SerializePartialAsString();
}
template <class Request>
std::string OfId(void (*fill)(Request&) = nullptr) {
  Request request;
  request.set_table_id(1);
  if (fill != nullptr) fill(request);
  return request.SerializePartialAsString();
}
template <class Request>
std::string Made(void (*fill)(Request&)) {
  Request request;
  fill(request);
  return request.SerializeAsString();
}

/// The smallest valid body of each request that names a database or a table, about "db" or "db.t".
std::map<ApiKey, std::string> Bodies() {
  const auto write = [](auto& request) {
    request.set_acks(1);
    request.set_timeout_ms(1);
  };
  const auto database = [](auto& request) { request.set_database_name("db"); };
  const auto drop = [](auto& request) {
    request.mutable_table_path()->set_database_name("db");
    request.mutable_table_path()->set_table_name("t");
    request.set_ignore_if_not_exists(false);
  };
  const auto partition = [](auto& request) {
    request.mutable_table_path()->set_database_name("db");
    request.mutable_table_path()->set_table_name("t");
    request.mutable_partition_spec();
    request.set_ignore_if_not_exists(false);
  };
  return {
      {ApiKey::kProduceLog, OfId<pb::ProduceLogRequest>(write)},
      {ApiKey::kPutKv, OfId<pb::PutKvRequest>(write)},
      {ApiKey::kLookup, OfId<pb::LookupRequest>()},
      {ApiKey::kPrefixLookup, OfId<pb::PrefixLookupRequest>()},
      {ApiKey::kLimitScan,
       OfId<pb::LimitScanRequest>([](auto& r) { r.set_bucket_id(0), r.set_limit(1); })},
      {ApiKey::kListOffsets, OfId<pb::ListOffsetsRequest>([](auto& r) {
         r.set_follower_server_id(-1), r.set_offset_type(0);
       })},
      {ApiKey::kGetTableStats, OfId<pb::GetTableStatsRequest>()},
      {ApiKey::kGetKvSnapshotMetadata, OfId<pb::GetKvSnapshotMetadataRequest>([](auto& r) {
         r.set_bucket_id(0), r.set_snapshot_id(0);
       })},
      {ApiKey::kGetTableInfo, OfPath<pb::GetTableInfoRequest>()},
      {ApiKey::kGetTableSchema, OfPath<pb::GetTableSchemaRequest>()},
      {ApiKey::kListPartitionInfos, OfPath<pb::ListPartitionInfosRequest>()},
      {ApiKey::kGetLatestKvSnapshots, OfPath<pb::GetLatestKvSnapshotsRequest>()},
      {ApiKey::kGetLakeSnapshot, OfPath<pb::GetLakeSnapshotRequest>()},
      {ApiKey::kDropTable, Made<pb::DropTableRequest>(drop)},
      {ApiKey::kAlterTable, Made<pb::AlterTableRequest>(drop)},
      {ApiKey::kCreatePartition, Made<pb::CreatePartitionRequest>(partition)},
      {ApiKey::kDropPartition, Made<pb::DropPartitionRequest>(partition)},
      {ApiKey::kGetDatabaseInfo, Made<pb::GetDatabaseInfoRequest>(database)},
      {ApiKey::kDropDatabase, Made<pb::DropDatabaseRequest>([](auto& r) {
         r.set_database_name("db"), r.set_ignore_if_not_exists(false), r.set_cascade(false);
       })},
      {ApiKey::kAlterDatabase, Made<pb::AlterDatabaseRequest>([](auto& r) {
         r.set_database_name("db"), r.set_ignore_if_not_exists(false);
       })},
      {ApiKey::kCreateDatabase, Made<pb::CreateDatabaseRequest>([](auto& r) {
         r.set_database_name("db"), r.set_ignore_if_exists(false);
       })},
      {ApiKey::kCreateTable, Made<pb::CreateTableRequest>([](auto& r) {
         r.mutable_table_path()->set_database_name("db");
         r.mutable_table_path()->set_table_name("t");
         r.set_table_json("{}");
         r.set_ignore_if_exists(false);
       })},
      {ApiKey::kListAcls, Made<pb::ListAclsRequest>([](auto& r) {
         r.mutable_acl_filter()->set_resource_type(1);
         r.mutable_acl_filter()->set_operation_type(1);
         r.mutable_acl_filter()->set_permission_type(1);
       })},
      {ApiKey::kAddServerTag, Made<pb::AddServerTagRequest>([](auto& r) { r.set_server_tag(0); })},
      {ApiKey::kRemoveServerTag,
       Made<pb::RemoveServerTagRequest>([](auto& r) { r.set_server_tag(0); })},
      {ApiKey::kAddServerTagByRack,
       Made<pb::AddServerTagByRackRequest>([](auto& r) { r.set_server_tag(0); })},
      {ApiKey::kRemoveServerTagByRack,
       Made<pb::RemoveServerTagByRackRequest>([](auto& r) { r.set_server_tag(0); })},
  };
}

ResourceType TypeOf(Scope scope) {
  if (scope == Scope::kDatabase) return ResourceType::kDatabase;
  return scope == Scope::kTable ? ResourceType::kTable : ResourceType::kCluster;
}

TEST_F(ApiTableTest, WhoMayNotIsDeniedForExactlyTheRowsOperationAndResource) {
  const DenyEverything authorizer;
  Connect({}, authorizer);
  const auto bodies = Bodies();
  for (const Api& api : Apis()) {
    if (!api.served() || api.needs.scope == Scope::kHandshake || api.needs.scope == Scope::kEach)
      continue;
    authorizer.asked.clear();
    authorizer.names.clear();
    const auto body = bodies.find(api.key);
    const Answer answer =
        Ask(api.key, api.version_max, body == bodies.end() ? std::string() : body->second);
    EXPECT_EQ(answer.code, ErrorCode::kAuthorization) << api.name << ": " << answer.body;
    if (answer.code == ErrorCode::kNetworkException) Reconnect();
    ASSERT_EQ(authorizer.asked.size(), 1U) << api.name;
    EXPECT_EQ(authorizer.asked[0], std::pair(api.needs.operation, TypeOf(api.needs.scope)))
        << api.name;
    if (api.needs.scope == Scope::kTable) EXPECT_EQ(authorizer.names[0], "db.t") << api.name;
    if (api.needs.scope == Scope::kDatabase) EXPECT_EQ(authorizer.names[0], "db") << api.name;
  }
}

TEST_F(ApiTableTest, StrangersMayOnlyShakeHands) {
  const AllowEverything authorizer;
  Connect({{"alice", "secret"}}, authorizer);
  for (const Api& api : Apis()) {
    if (!api.served() || api.access == Access::kPublic) continue;
    EXPECT_EQ(Ask(api.key, api.version_max, "").code, ErrorCode::kAuthenticate) << api.name;
  }
  const std::string versions = Made<pb::ApiVersionsRequest>(
      [](auto& r) { r.set_client_software_name("test"), r.set_client_software_version("1"); });
  EXPECT_EQ(Ask(ApiKey::kApiVersions, 0, versions).code, ErrorCode::kNone);
}

TEST_F(ApiTableTest, AUserWhoAuthenticatesIsThePrincipalFromThenOn) {
  const DenyEverything authorizer;
  Connect({{"alice", "secret"}}, authorizer);
  pb::AuthenticateRequest request;
  request.set_protocol("PLAIN");
  request.set_token(std::string("\0alice\0wrong", 12));
  EXPECT_EQ(Ask(ApiKey::kAuthenticate, 0, request.SerializeAsString()).code,
            ErrorCode::kAuthenticate);
  char byte;
  EXPECT_EQ(::recv(client_.native_handle(), &byte, 1, 0), 0)
      << "a wrong password ends the connection";
  Reconnect();
  request.set_token(std::string("\0alice\0secret", 13));
  const Answer welcome = Ask(ApiKey::kAuthenticate, 0, request.SerializeAsString());
  EXPECT_EQ(welcome.type, ReplyType::kSuccess);
  pb::AuthenticateResponse response;
  ASSERT_TRUE(response.ParseFromString(welcome.body));
  EXPECT_FALSE(response.has_challenge()) << "fluss-rs answers any challenge with another round";
  const Answer denied = Ask(ApiKey::kProduceLog, 0, Bodies()[ApiKey::kProduceLog]);
  EXPECT_EQ(denied.code, ErrorCode::kAuthorization);
  EXPECT_THAT(denied.body, ::testing::HasSubstr("principal=alice"));
}

TEST_F(ApiTableTest, WhatIsNotServedIsAnsweredUnsupportedVersion) {
  const AllowEverything authorizer;
  Connect({}, authorizer);
  for (const Api& api : Apis()) {
    if (!api.served()) {
      EXPECT_EQ(Ask(api.key, 0, "").code, ErrorCode::kUnsupportedVersion) << api.name;
    } else {
      EXPECT_EQ(Ask(api.key, static_cast<int16_t>(api.version_max + 1), "").code,
                ErrorCode::kUnsupportedVersion)
          << api.name;
      EXPECT_EQ(Ask(api.key, -1, "").code, ErrorCode::kUnsupportedVersion) << api.name;
    }
  }
  for (const int key : {-1, 0, 3, 999, 1067, 1127, 1128, 32767}) {
    EXPECT_EQ(Ask(static_cast<ApiKey>(key), 0, "").code, ErrorCode::kUnsupportedVersion) << key;
  }
}

TEST_F(ApiTableTest, AnUndecodableBodyIsAnsweredAndTheConnectionClosed) {
  const AllowEverything authorizer;
  Connect({}, authorizer);
  for (const Api& api : Apis()) {
    if (!api.served()) continue;
    EXPECT_EQ(Ask(api.key, api.version_max, "\xff").code, ErrorCode::kCorruptMessage) << api.name;
    char byte;
    EXPECT_EQ(::recv(client_.native_handle(), &byte, 1, 0), 0) << api.name;
    Reconnect();
  }
}

TEST_F(ApiTableTest, ApiVersionsIsTheTablePrinted) {
  const AllowEverything authorizer;
  Connect({}, authorizer);
  const Answer answer = Ask(ApiKey::kApiVersions, 0, Made<pb::ApiVersionsRequest>([](auto& r) {
                              r.set_client_software_name("test"),
                                  r.set_client_software_version("1");
                            }));
  pb::ApiVersionsResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.body));
  EXPECT_FALSE(response.has_server_type()) << "one port plays both roles only without it";
  int served = 0;
  for (const Api& api : Apis()) served += api.served() ? 1 : 0;
  ASSERT_EQ(response.api_versions_size(), served);
  for (const auto& row : response.api_versions()) {
    const Api* api = FindApi(static_cast<ApiKey>(row.api_key()));
    ASSERT_NE(api, nullptr);
    EXPECT_TRUE(api->served());
    EXPECT_EQ(row.min_version(), api->version_min);
    EXPECT_EQ(row.max_version(), api->version_max);
  }
}

// Key: (min, max, private) of org.apache.fluss:fluss-client:1.0.0, class ApiKeys; all others are
// 0-0 and public.
TEST(ApiTable, HasEveryKeyOfTheReleaseWithItsVersions) {
  const std::map<int, int> versions_max = {{1014, 1}, {1016, 3}, {1017, 1},
                                           {1024, 1}, {1034, 1}, {1044, 1}};
  const std::set<int> private_keys = {1013, 1018, 1019, 1020, 1022, 1027, 1028,
                                      1029, 1030, 1031, 1042, 1043, 1052};
  int key = 1000;
  for (const Api& api : Apis()) {
    EXPECT_EQ(static_cast<int>(api.key), key);
    EXPECT_EQ(api.version_min, 0) << api.name;
    EXPECT_EQ(api.version_max, versions_max.contains(key) ? versions_max.at(key) : 0) << api.name;
    EXPECT_EQ(api.access == Access::kPrivate, private_keys.contains(key)) << api.name;
    ++key;
  }
  EXPECT_EQ(key, 1067);
}

}  // namespace
}  // namespace weir
