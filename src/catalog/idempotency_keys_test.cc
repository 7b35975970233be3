#include "catalog/idempotency_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "meta/store.h"

namespace weir::iceberg {
namespace {

using std::chrono::minutes;

constexpr char kKey[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

struct IdempotencyKeysTest : testing::Test {
  static RestRequest Request(const std::string& body = "{}", const std::string& key = kKey) {
    RestRequest request;
    request.method = "POST";
    request.path = "/v1/namespaces/a/tables/t";
    request.headers.idempotency_key = key;
    request.body = body;
    return request;
  }

  FaultyFileSystem files;
  std::unique_ptr<Store> store = *Store::Open(files, "/meta");
  ManualClock clock;
  IdempotencyKeys keys{*store, minutes(30), clock};
};

TEST_F(IdempotencyKeysTest, ARepeatedRequestGetsTheFirstAnswer) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  keys.Finish(Request(), {.status = 409, .body = "first", .etag = ""});
  const auto past = keys.Begin(Request());
  ASSERT_TRUE(past.ok() && past->answer);
  EXPECT_EQ(past->answer->status, 409);
  EXPECT_EQ(past->answer->body, "first");
}

TEST_F(IdempotencyKeysTest, AFailureOfOursMayBeTriedAgain) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  keys.Finish(Request(), {.status = 503, .body = "", .etag = ""});
  EXPECT_FALSE(keys.Begin(Request())->answer);
}

TEST_F(IdempotencyKeysTest, ARequestThatEndsWithoutAnAnswerGivesItsKeyBack) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  std::atomic<bool> answered = true;
  std::thread second([&] { answered = keys.Begin(Request())->answer.has_value(); });
  keys.Abandon(Request());
  second.join();
  EXPECT_FALSE(answered);
}

TEST_F(IdempotencyKeysTest, AKeyBelongsToOneRequest) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  keys.Finish(Request(), {});
  const auto other = keys.Begin(Request("{\"a\":1}"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().status(), 422);
  EXPECT_EQ(keys.Begin(Request("{}", "not-a-uuid")).error().status(), 400);
}

TEST_F(IdempotencyKeysTest, KeysAreForgottenAfterTheirTime) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  keys.Finish(Request(), {});
  clock.AdvanceMs(minutes(30) / std::chrono::milliseconds(1) + 1);
  EXPECT_FALSE(keys.Begin(Request())->answer);
}

TEST_F(IdempotencyKeysTest, ACommitIsRememberedOverARestart) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  Transaction transaction;
  keys.Mark(Request(), transaction);
  ASSERT_THAT(store->Commit(transaction), IsOk());

  IdempotencyKeys after_restart(*store, minutes(30), clock);
  const auto past = after_restart.Begin(Request());
  ASSERT_TRUE(past.ok());
  EXPECT_FALSE(past->answer);
  EXPECT_TRUE(past->committed);
  EXPECT_EQ(IdempotencyKeys(*store, minutes(30), clock).Begin(Request("other")).error().status(),
            422);
}

TEST_F(IdempotencyKeysTest, ACommitIsRememberedWhenItsAnswerHadToGo) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  Transaction transaction;
  keys.Mark(Request(), transaction);
  ASSERT_THAT(store->Commit(transaction), IsOk());
  keys.Finish(Request(), {.status = 200, .body = std::string(20 << 20, 'x'), .etag = ""});
  const RestRequest another = Request("{}", "017f22e2-79b0-7cc3-98c4-000000000000");
  ASSERT_FALSE(keys.Begin(another)->answer);
  keys.Finish(another, {.status = 200, .body = std::string(20 << 20, 'x'), .etag = ""});

  const auto past = keys.Begin(Request());
  ASSERT_TRUE(past.ok());
  EXPECT_FALSE(past->answer) << "there was no room for it";
  EXPECT_TRUE(past->committed);
}

TEST_F(IdempotencyKeysTest, ACommitIsRememberedWhenItsAnswerWasAFailure) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  Transaction transaction;
  keys.Mark(Request(), transaction);
  ASSERT_THAT(store->Commit(transaction), IsOk());
  keys.Finish(Request(), {.status = 500, .body = "", .etag = ""});
  EXPECT_TRUE(keys.Begin(Request())->committed);
}

TEST_F(IdempotencyKeysTest, MarksTooOldLeaveTheStoreWithTheNextCommit) {
  Transaction first;
  keys.Mark(Request(), first);
  ASSERT_THAT(store->Commit(first), IsOk());
  clock.AdvanceMs(minutes(31) / std::chrono::milliseconds(1));
  Transaction second;
  keys.Mark(Request("{}", "017f22e2-79b0-7cc3-98c4-000000000000"), second);
  ASSERT_THAT(store->Commit(second), IsOk());
  EXPECT_EQ(store->Scan("lake/rest/idempotency/").size(), 1);
}

TEST_F(IdempotencyKeysTest, ARequestUnderWayIsWaitedFor) {
  ASSERT_FALSE(keys.Begin(Request())->answer);
  std::atomic<int> status = 0;
  std::thread second([&] { status = keys.Begin(Request())->answer->status; });
  keys.Finish(Request(), {.status = 204, .body = "", .etag = ""});
  second.join();
  EXPECT_EQ(status, 204);
}

}  // namespace
}  // namespace weir::iceberg
