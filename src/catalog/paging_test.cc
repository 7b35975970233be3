#include "catalog/paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/object.hpp>

namespace weir::iceberg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Page(std::vector<std::string> names, const std::string& query,
                              std::string* next) {
  RestRequest request;
  request.query = query;
  boost::json::object answer;
  auto page = PageOf(std::move(names), request, answer);
  EXPECT_TRUE(page.ok());
  *next = answer.contains("next-page-token") ? std::string(answer.at("next-page-token").as_string())
                                             : "";
  return *page;
}

TEST(PagingTest, AClientThatKnowsNoPagesGetsEverything) {
  std::string next;
  EXPECT_THAT(Page({"b", "a", "c"}, "pageSize=1", &next), ElementsAre("a", "b", "c"));
  EXPECT_EQ(next, "");
}

TEST(PagingTest, PagesFollowEachOtherByName) {
  std::string next;
  EXPECT_THAT(Page({"b", "a", "c"}, "pageToken=&pageSize=2", &next), ElementsAre("a", "b"));
  ASSERT_NE(next, "");
  const std::string query = "pageSize=2&pageToken=" + next;
  // What came and went between the pages neither repeats nor hides the rest.
  EXPECT_THAT(Page({"aa", "c", "d"}, query, &next), ElementsAre("c", "d"));
  EXPECT_EQ(next, "");
  EXPECT_THAT(Page({"a"}, query, &next), IsEmpty());
}

TEST(PagingTest, RefusesSizesAndTokensThatAreNone) {
  for (const char* query : {"pageToken=&pageSize=0", "pageToken=&pageSize=-1",
                            "pageToken=&pageSize=x", "pageToken=zz", "pageToken=a"}) {
    RestRequest request;
    request.query = query;
    boost::json::object answer;
    EXPECT_FALSE(PageOf({"a"}, request, answer).ok()) << query;
  }
}

}  // namespace
}  // namespace weir::iceberg
