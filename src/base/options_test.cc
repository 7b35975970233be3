#include "base/options.h"

#include <gtest/gtest.h>

#include <array>

#include "base/bytes.h"
#include "base/units.h"

namespace weir {
namespace {

struct SampleOptions {
  int64_t segment_bytes = 1 * GiB;
  int32_t threads = 4;
  std::chrono::milliseconds interval = std::chrono::minutes(10);
  bool enabled = false;
  std::string dir = "/tmp/x";
  std::vector<std::string> users;
};
constexpr std::array kSampleOptions = {
    Option<SampleOptions>{"sample.segment", &SampleOptions::segment_bytes, 1 * MiB, 2 * GiB,
                          kRestart, "Segment."},
    Option<SampleOptions>{"sample.threads", &SampleOptions::threads, 1, 64, kRestart, "Threads."},
    Option<SampleOptions>{"sample.interval", &SampleOptions::interval, std::chrono::seconds(1),
                          std::chrono::hours(24), kLive, "Interval."},
    Option<SampleOptions>{"sample.enabled", &SampleOptions::enabled, kLive, "Switch."},
    Option<SampleOptions>{"sample.dir", &SampleOptions::dir, kRestart, "Folder."},
    Option<SampleOptions>{"sample.users", &SampleOptions::users, kRestart, "Users."},
};

struct OptionsTest : testing::Test {
  OptionsTest() { set.Add(options, kSampleOptions); }
  SampleOptions options;
  OptionSet set;
};

TEST_F(OptionsTest, ReadsEveryTypeFromText) {
  EXPECT_TRUE(set.Set("sample.segment", "64mb").ok());
  EXPECT_TRUE(set.Set("sample.threads", "8").ok());
  EXPECT_TRUE(set.Set("sample.interval", "PT30S").ok());
  EXPECT_TRUE(set.Set("sample.enabled", "TRUE").ok());
  EXPECT_TRUE(set.Set("sample.dir", "/data").ok());
  EXPECT_TRUE(set.Set("sample.users", "a, b,").ok());
  EXPECT_EQ(options.segment_bytes, 64 * MiB);
  EXPECT_EQ(options.threads, 8);
  EXPECT_EQ(options.interval, std::chrono::seconds(30));
  EXPECT_TRUE(options.enabled);
  EXPECT_EQ(options.dir, "/data");
  EXPECT_EQ(options.users, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(set.Find("sample.segment")->get(), "64mb");
  EXPECT_EQ(set.Find("sample.segment")->default_value, "1gb");
}

TEST_F(OptionsTest, RefusesWhatIsOutOfBoundsOrUnknownAndKeepsTheOldValue) {
  for (const auto& [key, text] :
       std::vector<std::pair<std::string, std::string>>{{"sample.segment", "1kb"},
                                                        {"sample.segment", "3gb"},
                                                        {"sample.threads", "0"},
                                                        {"sample.threads", "x"},
                                                        {"sample.threads", "8 "},
                                                        {"sample.interval", "2 d"},
                                                        {"sample.enabled", "yes"},
                                                        {"sample.nothing", "1"}}) {
    const Status status = set.Set(key, text);
    EXPECT_EQ(status.code(), ErrorCode::kInvalidConfig) << key << "=" << text;
    EXPECT_NE(status.error().message.find(key), std::string::npos);
  }
  EXPECT_EQ(options.segment_bytes, 1 * GiB);
  EXPECT_EQ(options.threads, 4);
}

TEST_F(OptionsTest, MarkdownHasOneRowPerOption) {
  const std::string text = set.ToMarkdown();
  EXPECT_NE(
      text.find("| `sample.segment` | MemorySize | `1gb` | 1mb .. 2gb | at restart | Segment. |"),
      std::string::npos);
  EXPECT_NE(
      text.find("| `sample.interval` | Duration | `10 min` | 1 s .. 1 d | at once | Interval. |"),
      std::string::npos);
}

TEST(Units, DurationsReadAsFlussWritesThem) {
  const std::vector<std::pair<std::string, int64_t>> cases = {
      {"7 d", 604800000},    {"7d", 604800000},      {"7 days", 604800000},
      {"PT168H", 604800000}, {"pt1h30m", 5400000},   {"P1DT1S", 86401000},
      {"10min", 600000},     {"1 MIN", 600000 / 10}, {"2m", 120000},
      {"250", 250},          {"250ms", 250},         {"1500 micros", 1},
      {"5000000ns", 5},      {"PT0.5S", 500},        {"0s", 0},
      {" 3 h ", 10800000}};
  for (const auto& [text, ms] : cases) {
    const auto parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->count(), ms) << text;
  }
  for (const std::string bad :
       {"", " ", "d", "-1 s", "7 fortnights", "99999999999999999999", "9223372036854775807 d", "P",
        "PT", "P1H", "PT1D", "1.5 h", "PT1H1"}) {
    EXPECT_EQ(ParseDuration(bad).code(), ErrorCode::kInvalidConfig) << bad;
  }
}

TEST(Units, SizesReadAsFlussWritesThem) {
  const std::vector<std::pair<std::string, int64_t>> cases = {{"1gb", 1 << 30},
                                                              {"1 GB", 1 << 30},
                                                              {"64 kb", 65536},
                                                              {"100", 100},
                                                              {"100b", 100},
                                                              {"3m", 3 << 20},
                                                              {"2 tebibytes", int64_t{2} << 40}};
  for (const auto& [text, bytes] : cases) {
    const auto parsed = ParseBytes(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, bytes) << text;
  }
  for (const std::string bad : {"", "gb", "-1", "1 pb", "9999999999 tb"}) {
    EXPECT_EQ(ParseBytes(bad).code(), ErrorCode::kInvalidConfig) << bad;
  }
}

TEST(Units, FormattedTextReadsBackTheSame) {
  for (const int64_t ms : {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{90000},
                           int64_t{604800000}, int64_t{604800001}}) {
    EXPECT_EQ(ParseDuration(FormatDuration(std::chrono::milliseconds(ms)))->count(), ms);
  }
  for (const int64_t bytes :
       {int64_t{0}, int64_t{1}, int64_t{1024}, int64_t{1025}, int64_t{3} << 40}) {
    EXPECT_EQ(*ParseBytes(FormatBytes(bytes)), bytes);
  }
}

}  // namespace
}  // namespace weir
