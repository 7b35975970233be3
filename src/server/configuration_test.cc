#include "server/configuration.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/data_directory.h"

namespace weir {
namespace {

class ConfigurationTest : public ::testing::Test {
 protected:
  ConfigurationTest() {
    char path[] = "/tmp/weir_configuration_test_XXXXXX";
    directory_ = ::mkdtemp(path);
  }
  ~ConfigurationTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& text) {
    const std::string path = directory_ + "/weir.yaml";
    std::ofstream(path) << text;
    return path;
  }

  std::string directory_;
  Configuration configuration_;
};

TEST_F(ConfigurationTest, FlagsWinOverEnvironmentOverFileOverDefaults) {
  const std::string file =
      File("server:\n  listen: 127.0.0.1:1\n  http: 127.0.0.1:1\n  data-dir: /file\n");
  const Status loaded = configuration_.Load(
      {.file = file,
       .environment = {"WEIR_SERVER_LISTEN=127.0.0.1:2", "WEIR_SERVER_HTTP=127.0.0.1:2", "HOME=/"},
       .flags = {{"server.listen", "127.0.0.1:3"}}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(configuration_.server.listen, "127.0.0.1:3");
  EXPECT_EQ(configuration_.server.http, "127.0.0.1:2");
  EXPECT_EQ(configuration_.server.data_dir, "/file");
  EXPECT_EQ(configuration_.server.shards, 0);
}

TEST_F(ConfigurationTest, UsersComeAsMapListOrJaas) {
  const std::string file = File(
      "security:\n  users:\n    alice: secret\n  sasl.plain.jaas.config: "
      "'org.apache.fluss.security.auth.sasl.plain.PlainLoginModule required user_bob=\"b:1\" "
      "user_eve=\"e\";'\n");
  const Status loaded =
      configuration_.Load({.file = file, .environment = {"WEIR_SECURITY_USERS=carol:c,dave:d:d"}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const std::map<std::string, std::string> expected{
      {"alice", "secret"}, {"bob", "b:1"}, {"carol", "c"}, {"dave", "d:d"}, {"eve", "e"}};
  EXPECT_EQ(configuration_.users, expected);
}

TEST_F(ConfigurationTest, AFileIsAMapOrEmpty) {
  for (const char* text : {"", "# nothing\n", "{}"}) {
    const Status loaded = configuration_.Load({.file = File(text)});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  }
  for (const char* text : {"hello world\n", "- a\n", "- server.listen: x\n", "[1, 2]", "'': x"}) {
    const Status loaded = configuration_.Load({.file = File(text)});
    ASSERT_FALSE(loaded.ok()) << text;
    EXPECT_EQ(loaded.code(), ErrorCode::kInvalidConfig);
    EXPECT_NE(loaded.error().message.find("weir.yaml"), std::string::npos) << text;
  }
  EXPECT_EQ(configuration_.Load({.file = directory_}).code(), ErrorCode::kInvalidConfig);
  EXPECT_EQ(configuration_.Load({.file = directory_ + "/missing"}).code(),
            ErrorCode::kInvalidConfig);
}

TEST_F(ConfigurationTest, AnUnknownKeyIsAnErrorThatNamesItsSource) {
  const Status loaded = configuration_.Load({.file = File("server:\n  lissten: x\n")});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.code(), ErrorCode::kInvalidConfig);
  EXPECT_NE(loaded.error().message.find("weir.yaml"), std::string::npos);
  EXPECT_NE(loaded.error().message.find("server.lissten (did you mean server.listen?)"),
            std::string::npos);
}

TEST_F(ConfigurationTest, AVariableThatIsAlmostAnOptionIsAnErrorThatNamesIt) {
  const std::vector<std::pair<std::string, std::string>> kSlips = {
      {"WEIR_SERVER_LISTN", "WEIR_SERVER_LISTEN"},
      {"WEIR_SERVER_DATADIR", "WEIR_SERVER_DATA_DIR"},
      {"WEIR_SEVRER_HTTP", "WEIR_SERVER_HTTP"},
      {"WEIR_DATALAKE_ENABLE", "WEIR_DATALAKE_ENABLED"},
      {"WEIR_SECURITY_USER", "WEIR_SECURITY_USERS"},
      {"WEIR_LOG_LEVEL", "weir doc options"},
      {"WEIR_SERVER_PORT", ""},
      {"WEIR_DATALAKE_WAREHOUSE_OF_THE_COMPANY", ""}};
  for (const auto& [name, meant] : kSlips) {
    const Status loaded = Configuration().Load({.environment = {name + "=1"}});
    ASSERT_FALSE(loaded.ok()) << name;
    EXPECT_EQ(loaded.code(), ErrorCode::kInvalidConfig) << name;
    EXPECT_NE(loaded.error().message.find(name), std::string::npos) << loaded.error().message;
    EXPECT_NE(loaded.error().message.find(meant), std::string::npos) << loaded.error().message;
  }
}

TEST_F(ConfigurationTest, VariablesOfOthersDoNotStopAStart) {
  const Status loaded = configuration_.Load(
      {.environment = {
           // of the commands and ./dev
           "WEIR_CONFIG=x", "WEIR_SERVER=x", "WEIR_HTTP=x", "WEIR_USER=x", "WEIR_PASSWORD=x",
           "WEIR_JOBS=2", "WEIR=/usr/bin/weir", "WEIR_VERSION=1.0", "WEIR_CRASH_SEED=1",
           // of Kubernetes, for services called weir and weir-server
           "WEIR_SERVICE_HOST=10.0.0.1", "WEIR_SERVICE_PORT=9123", "WEIR_SERVICE_PORT_HTTP=8080",
           "WEIR_PORT=tcp://10.0.0.1:9123", "WEIR_PORT_9123_TCP=tcp://10.0.0.1:9123",
           "WEIR_PORT_9123_TCP_PROTO=tcp", "WEIR_PORT_9123_TCP_PORT=9123",
           "WEIR_PORT_9123_TCP_ADDR=10.0.0.1", "WEIR_SERVER_SERVICE_HOST=10.0.0.1",
           "WEIR_SERVER_SERVICE_PORT_HTTP=8080", "WEIR_SERVER_PORT=tcp://10.0.0.1:9123",
           "WEIR_SERVER_PORT_9123_TCP_ADDR=10.0.0.1",
           // of Fluss' deployments
           "WEIR_DATALAKE_ICEBERG_IO_IMPL=x"}});
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
}

TEST_F(ConfigurationTest, ALakeFormatIsOneThatExists) {
  const Status loaded = configuration_.Load({.flags = {{"datalake.format", "iceburg"}}});
  ASSERT_EQ(loaded.code(), ErrorCode::kInvalidConfig);
  EXPECT_EQ(loaded.error().message,
            "datalake.format: lake format must be paimon, iceberg, lance or hudi: format=iceburg");
  EXPECT_TRUE(Configuration().Load({.flags = {{"datalake.format", "PAIMON"}}}).ok());
}

TEST_F(ConfigurationTest, AFileThatIsNotYamlIsAnError) {
  EXPECT_EQ(configuration_.Load({.file = File("a: [1\n")}).code(), ErrorCode::kInvalidConfig);
  EXPECT_EQ(configuration_.Load({.file = directory_ + "/none.yaml"}).code(),
            ErrorCode::kInvalidConfig);
}

TEST_F(ConfigurationTest, ADataDirectoryHasOneServer) {
  auto first = DataDirectory::Lock(directory_ + "/data/deep");
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = DataDirectory::Lock(directory_ + "/data/deep");
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("pid=" + std::to_string(::getpid())), std::string::npos);
  {
    const DataDirectory gone = std::move(*first);
  }
  EXPECT_TRUE(DataDirectory::Lock(directory_ + "/data/deep").ok());
}

TEST_F(ConfigurationTest, AFileInPlaceOfTheDataDirectoryIsAnError) {
  EXPECT_EQ(DataDirectory::Lock(File("x")).code(), ErrorCode::kStorage);
}

}  // namespace
}  // namespace weir
