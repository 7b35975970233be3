#include "tiering/key_pages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace weir {
namespace {

using Entries = std::map<std::string, KeyPlace>;

Entries Read(BytesView page) {
  Entries out;
  std::string before;
  KeyPageReader reader(page);
  for (; reader.valid(); reader.Next()) {
    EXPECT_EQ(reader.shared(), out.empty() ? 0 : CommonLength(before, reader.key()));
    before = reader.key();
    EXPECT_TRUE(out.emplace(before, reader.place()).second);
  }
  EXPECT_FALSE(reader.damaged());
  return out;
}

Entries SomeEntries(std::mt19937& dice, size_t count) {
  Entries out;
  for (size_t i = 0; i < count; ++i) {
    std::string key = fmt::format("{:08}", dice() % 20'000);
    if (dice() % 8 == 0) key.resize(dice() % 8);
    if (dice() % 50 == 0) key.append(dice() % 2500, 'x');
    out[key] = {dice() % 300, uint64_t{dice()} << (dice() % 32)};
  }
  return out;
}

TEST(KeyPagesTest, APageHasItsKeysAndPlaces) {
  KeyPageWriter writer(nullptr);
  EXPECT_EQ(writer.Finish(), "");
  writer.Add("", {1, 2});
  writer.Add("abc", {3, 300});
  writer.Add("abd", {UINT64_MAX, UINT64_MAX});
  const std::string page = writer.Finish();
  EXPECT_EQ(Read(page),
            (Entries{{"", {1, 2}}, {"abc", {3, 300}}, {"abd", {UINT64_MAX, UINT64_MAX}}}));
  // By hand: shared and further bytes, the bytes, file, row.
  EXPECT_EQ(page.substr(0, 10), std::string("\0\0\1\2\0\3abc\3", 10));
}

TEST(KeyPagesTest, PagesThatAreTooLargeAreCutAndMissNothing) {
  std::mt19937 dice(3);
  for (int turn = 0; turn < 50; ++turn) {
    const Entries entries = SomeEntries(dice, dice() % 3000);
    Entries found;
    std::string last;
    const auto take = [&](BytesView page) {
      const Entries some = Read(page);
      found.insert(some.begin(), some.end());
      last = some.rbegin()->first;
    };
    KeyPageWriter writer([&](BytesView last_key, BytesView page) {
      EXPECT_GE(page.size(), KeyPageWriter::kBytesTarget);
      take(page);
      EXPECT_EQ(last_key, last);
    });
    for (const auto& [key, place] : entries) writer.Add(key, place);
    if (const std::string rest = writer.Finish(); !rest.empty()) take(rest);
    EXPECT_EQ(found, entries);
  }
}

TEST(KeyPagesTest, SkipsToTheFirstKeyThatIsNotBefore) {
  std::mt19937 dice(5);
  for (int turn = 0; turn < 200; ++turn) {
    const Entries entries = SomeEntries(dice, dice() % 200);
    const Entries targets = SomeEntries(dice, dice() % 100);
    KeyPageWriter writer(nullptr);
    for (const auto& [key, place] : entries) writer.Add(key, place);
    const std::string page = writer.Finish();
    KeyPageReader reader(page);
    size_t passed = 0;
    for (const auto& [target, ignored] : targets) {
      const auto at = entries.lower_bound(target);
      EXPECT_EQ(reader.SkipTo(target, [&] { ++passed; }), entries.contains(target));
      EXPECT_EQ(passed, std::distance(entries.begin(), at));
      ASSERT_EQ(reader.valid(), at != entries.end());
      if (reader.valid()) {
        EXPECT_EQ(reader.key(), at->first);
      }
    }
  }
}

TEST(KeyPagesTest, APageThatEndsEarlyIsDamaged) {
  KeyPageWriter writer(nullptr);
  writer.Add("abc", {3, 300});
  writer.Add("abd", {4, 400});
  const std::string page = writer.Finish();
  size_t whole = 0;
  for (size_t size = 0; size < page.size(); ++size) {
    KeyPageReader reader(BytesView(page).substr(0, size));
    while (reader.valid()) reader.Next();
    whole += reader.damaged() ? 0 : 1;
  }
  EXPECT_EQ(whole, 2);                                      // nothing, and the first key
  KeyPageReader reader(BytesView("\x05\x01x\x01\x01", 5));  // shares what is not there
  EXPECT_TRUE(reader.damaged());
}

}  // namespace
}  // namespace weir
