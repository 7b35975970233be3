#include "catalog/token_issuer.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "meta/store.h"

namespace weir::iceberg {
namespace {

constexpr std::chrono::seconds kHour(3600);
// Made with Python's hmac and base64 for the key 00 01 … 1f.
constexpr std::string_view kToken =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiJhbGljZSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ."
    "kJeT23h5u5_7UZrJh6eo-ncduO8e-tcdlol5o7e-Fbo";

struct TokenIssuerTest : testing::Test {
  TokenIssuerTest() : store(*Store::Open(files, "/meta")) {
    std::string key(32, '\0');
    std::iota(key.begin(), key.end(), '\0');
    Transaction transaction;
    transaction.Put("lake/rest/token-key", key);
    EXPECT_THAT(store->Commit(transaction), IsOk());
  }
  TokenIssuer Open() { return *TokenIssuer::Open(*store, kHour, clock); }

  FaultyFileSystem files;
  std::unique_ptr<Store> store;
  ManualClock clock{1'700'000'000'000};
};

TEST_F(TokenIssuerTest, WritesTheJsonWebTokenThatOthersWrite) {
  EXPECT_EQ(Open().Issue("alice"), kToken);
  EXPECT_THAT(Open().UserOf(kToken), HasValue("alice"));
}

TEST_F(TokenIssuerTest, RefusesATokenAfterItsTime) {
  clock.AdvanceMs(3'600'000 - 1);
  EXPECT_THAT(Open().UserOf(kToken), IsOk());
  clock.AdvanceMs(1);
  EXPECT_THAT(Open().UserOf(kToken), IsError(ErrorCode::kAuthenticate));
}

TEST_F(TokenIssuerTest, RefusesATokenWithAnyCharacterAltered) {
  const TokenIssuer issuer = Open();
  for (size_t i = 0; i < kToken.size(); ++i) {
    std::string altered(kToken);
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(issuer.UserOf(altered), IsError(ErrorCode::kAuthenticate)) << i;
  }
  for (const std::string_view bad :
       {"", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."})
    EXPECT_THAT(issuer.UserOf(bad), IsError(ErrorCode::kAuthenticate)) << bad;
}

TEST_F(TokenIssuerTest, KeepsItsKeyOverARestart) {
  FaultyFileSystem other_files;
  std::string token;
  {
    auto fresh = *Store::Open(other_files, "/meta");
    token = TokenIssuer::Open(*fresh, kHour, clock)->Issue("bob");
  }
  auto again = *Store::Open(other_files, "/meta");
  EXPECT_THAT(TokenIssuer::Open(*again, kHour, clock)->UserOf(token), HasValue("bob"));
  EXPECT_THAT(Open().UserOf(token), IsError(ErrorCode::kAuthenticate));
}

}  // namespace
}  // namespace weir::iceberg
