#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir {
namespace {

TEST(UrlTest, AnAddressHasHostPortAndTarget) {
  const auto plain = ParseUrl("http://localhost:8181/api/catalog/v1/config?warehouse=a%20b");
  ASSERT_THAT(plain, IsOk());
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->host, "localhost");
  EXPECT_EQ(plain->port, "8181");
  EXPECT_EQ(plain->target, "/api/catalog/v1/config?warehouse=a%20b");
  EXPECT_EQ(plain->Authority(), "localhost:8181");
  const auto tls = ParseUrl("https://[::1]");
  ASSERT_THAT(tls, IsOk());
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->host, "::1");
  EXPECT_EQ(tls->port, "443");
  EXPECT_EQ(tls->target, "/");
  EXPECT_EQ(tls->Authority(), "[::1]");
}

TEST(UrlTest, WhatIsNoAddressIsRefusedWithoutRepeatingIt) {
  for (const char* bad :
       {"", "localhost:8181", "ftp://host/", "http://", "http:///path", "http://user:pass@host/",
        "http://host/#part", "http://ho st/", "http://host/a b", "file:///etc/passwd"}) {
    const auto url = ParseUrl(bad);
    ASSERT_FALSE(url.ok()) << bad;
    EXPECT_EQ(url.code(), ErrorCode::kInvalidConfig) << bad;
    EXPECT_EQ(url.error().message.find("pass"), std::string::npos);
  }
}

// Expected values are Python's urllib.parse.quote(text, safe="").
TEST(UrlTest, PartsAndFormsAreEncoded) {
  EXPECT_EQ(EncodeUrlPart("a\x1f"
                          "b/ü %"),
            "a%1Fb%2F%C3%BC%20%25");
  EXPECT_EQ(EncodeForm({{"grant_type", "client_credentials"}, {"scope", "PRINCIPAL_ROLE:ALL"}}),
            "grant_type=client_credentials&scope=PRINCIPAL_ROLE%3AALL");
}

}  // namespace
}  // namespace weir
