#include "web/sql_request.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(SqlRequest, TakesTextAndJsonBodies) {
  const auto text = ParseSqlRequest({.query = "x=1&database=bronze", .body = "SELECT 1"});
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->text, "SELECT 1");
  EXPECT_EQ(text->database, "bronze");
  EXPECT_EQ(text->format, ResultFormat::kJsonLines);

  const auto json = ParseSqlRequest(
      {.content_type = "application/json; charset=utf-8",
       .accept = "application/vnd.weir.frames+json",
       .body = R"({"sql": "SELECT 2", "database": "gold", "values": "json", "unknown": []})"});
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->text, "SELECT 2");
  EXPECT_EQ(json->database, "gold");
  EXPECT_EQ(json->format, ResultFormat::kFrames);
  EXPECT_TRUE(json->frame_values_as_json);
}

TEST(SqlRequest, ChoosesTheFormatByAccept) {
  const auto format = [](std::string_view accept) {
    const auto request = ParseSqlRequest({.accept = accept, .body = "SELECT 1"});
    return request.ok() ? static_cast<int>(request->format) : -1;
  };
  EXPECT_EQ(format("*/*"), static_cast<int>(ResultFormat::kJsonLines));
  EXPECT_EQ(format("text/csv, */*;q=0.1"), static_cast<int>(ResultFormat::kCsv));
  EXPECT_EQ(format("Application/Vnd.Apache.Arrow.Stream"),
            static_cast<int>(ResultFormat::kArrowStream));
  EXPECT_EQ(format("image/png"), -1);
}

TEST(SqlRequest, RefusesBodiesWithoutAStatement) {
  for (const std::string_view body : {"", " \n;; ", "{", "[]", R"({"sql": 1})", R"({"sql": ""})",
                                      R"({"sql": "SELECT 1", "values": "xml"})"}) {
    const bool json = body.find_first_of("{[") != std::string_view::npos;
    const auto request =
        ParseSqlRequest({.content_type = json ? "application/json" : "text/plain", .body = body});
    EXPECT_EQ(request.code(), ErrorCode::kSqlSyntax) << body;
  }
}

TEST(SqlRequest, ReadsBasicCredentials) {
  // RFC 7617, section 2.
  const auto credentials = ParseBasicCredentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(credentials->user, "Aladdin");
  EXPECT_EQ(credentials->password, "open sesame");
  for (const char* bad : {"", "Bearer x", "Basic", "Basic !!!!", "Basic QQ=="}) {
    EXPECT_FALSE(ParseBasicCredentials(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace weir
