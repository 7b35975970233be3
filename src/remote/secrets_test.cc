#include "remote/secrets.h"

#include <gtest/gtest.h>

namespace weir::iceberg {
namespace {

TEST(SecretsTest, WhateverIsSecretIsHiddenWhereverItStands) {
  Secrets secrets;
  secrets.Add("id:s3cr3t");
  secrets.Add("s3cr3t");
  EXPECT_EQ(secrets.Hide("bad credential id:s3cr3t for s3cr3ts3cr3t\n"),
            "bad credential *** for ****** ");
  EXPECT_EQ(secrets.Hide("nothing in here"), "nothing in here");
}

TEST(SecretsTest, TheConfiguredOnesAndTheLatestTokensAreKept) {
  Secrets secrets;
  secrets.Add("the-credential");
  for (int i = 0; i < 1000; ++i) secrets.Add("token-" + std::to_string(i) + "-end");
  EXPECT_EQ(secrets.Hide("the-credential token-999-end"), "*** ***");
}

TEST(SecretsTest, ShortTextsAreNoSecretsAndLongMessagesAreCut) {
  Secrets secrets;
  secrets.Add("a");
  secrets.Add("");
  EXPECT_EQ(secrets.Hide("a banana"), "a banana");
  EXPECT_LE(secrets.Hide(std::string(100'000, 'x')).size(), 500U);
}

}  // namespace
}  // namespace weir::iceberg
