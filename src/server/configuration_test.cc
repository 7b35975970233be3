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
  EXPECT_NE(loaded.error().message.find("server.lissten"), std::string::npos);
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
