#include "rpc/authentication.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::string_literals::operator""s;

const Authenticator& Door() {
  static const Authenticator door({{"alice", "secret"}, {"bob", ""}});
  return door;
}

TEST(Authentication, TheRightPasswordOpens) {
  EXPECT_EQ(Door().Authenticate("PLAIN", "\0alice\0secret"s)->name, "alice");
  EXPECT_EQ(Door().Authenticate("PLAIN", "alice\0alice\0secret"s)->name, "alice");
}

TEST(Authentication, EverythingElseDoesNot) {
  for (const std::string& token : {"\0alice\0wrong"s, "\0alice\0secretsecret"s, "\0alice\0"s,
                                   "\0mallory\0secret"s, "\0mallory\0"s, "bob\0alice\0secret"s,
                                   "\0\0"s, "alice"s, ""s, "\0alice\0secret\0"s, "\0alice"s}) {
    EXPECT_EQ(Door().Authenticate("PLAIN", token).code(), ErrorCode::kAuthenticate);
  }
  EXPECT_EQ(Door().Authenticate("GSSAPI", "\0alice\0secret"s).code(), ErrorCode::kAuthenticate);
}

TEST(Authentication, TheErrorDoesNotSayWhetherTheUserExists) {
  EXPECT_EQ(Door().Authenticate("PLAIN", "\0alice\0wrong"s).error(),
            Door().Authenticate("PLAIN", "\0mallory\0wrong"s).error());
}

TEST(Authentication, WithoutUsersNobodyIsAsked) { EXPECT_FALSE(Authenticator({}).required()); }

// The text of Fluss' documentation of SASL/PLAIN.
TEST(Authentication, JaasTextNamesUsers) {
  const auto users = ParseJaasUsers(
      "org.apache.fluss.security.auth.sasl.plain.PlainLoginModule required "
      "user_admin=\"admin-pass\" user_developer=\"developer-pass\";");
  ASSERT_TRUE(users.ok());
  EXPECT_EQ(*users, (std::map<std::string, std::string>{{"admin", "admin-pass"},
                                                        {"developer", "developer-pass"}}));
  EXPECT_FALSE(ParseJaasUsers("required user_x").ok());
  EXPECT_FALSE(ParseJaasUsers("required user_x=\"y").ok());
  EXPECT_TRUE(ParseJaasUsers("nothing")->empty());
}

}  // namespace
}  // namespace weir
