#include "tiering/key_fold.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "base/matchers.h"
#include "lake/table_metadata.h"
#include "storage/kv/engine.h"

namespace weir {
namespace {

using Places = std::map<std::string, KeyPlace>;
using Changes = std::map<std::string, std::optional<KeyPlace>>;

class KeyFoldTest : public testing::Test {
 protected:
  KeyFoldTest() : folder_(testing::TempDir() + "key-fold-" + iceberg::NewUuid()) {
    map_ = std::move(*KeyMap::Open(folder_));
  }
  ~KeyFoldTest() override {
    map_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Everything as the format page says: a loose entry, or else what the page says that has the key in its range.
  Places Read() const {
    Places out;
    std::map<std::string, std::string> pages;
    const auto at = map_->NewCursor();
    for (at->Seek("p"); at->valid() && at->key() < "q"; at->Next())
      pages.emplace(at->key().substr(1), at->value());
    std::string before;
    bool is_first = true;
    const auto take = [&](BytesView page, const std::string* last) {
      for (KeyPageReader reader(page); reader.valid(); reader.Next()) {
        const std::string key(reader.key());
        if ((is_first || key > before) && (last == nullptr || key <= *last))
          out[key] = reader.place();
      }
    };
    for (const auto& [last, page] : pages) {
      take(page, &last);
      before = last;
      is_first = false;
    }
    for (at->Seek("q"); at->valid() && at->key() == "q"; at->Next()) take(at->value(), nullptr);
    for (at->Seek("r"); at->valid(); at->Next()) {
      std::optional<KeyPlace> place;
      EXPECT_TRUE(ParseLoose(at->value(), place));
      out.erase(std::string(at->key().substr(1)));
      if (place) out[std::string(at->key().substr(1))] = *place;
    }
    EXPECT_THAT(at->status(), IsOk());
    return out;
  }

  int64_t CountOf(std::string_view from, std::string_view to) const {
    int64_t count = 0;
    const auto at = map_->NewCursor();
    for (at->Seek(from); at->valid() && at->key() < to; at->Next()) ++count;
    return count;
  }

  const std::string folder_;
  std::unique_ptr<KeyMap> map_;
};

Changes SomeChanges(std::mt19937& dice, size_t count, uint32_t keys) {
  Changes out;
  for (size_t i = 0; i < count; ++i) {
    std::string key = fmt::format("key-{:05}", dice() % keys);
    if (dice() % 40 == 0) key.resize(dice() % 8);
    if (dice() % 4 == 0) {
      out[key] = std::nullopt;
    } else {
      out[key] = KeyPlace{dice() % 200, dice()};
    }
  }
  return out;
}

void ApplyTo(Places& places, const Changes& changes) {
  for (const auto& [key, place] : changes) {
    places.erase(key);
    if (place) places[key] = *place;
  }
}

// Between any two changes the map is what a kill at this moment may leave.
TEST_F(KeyFoldTest, EachKeyIsWhereItWasOrWhereItWillBeAllTheTime) {
  std::mt19937 dice(17);
  Places expected;
  int64_t pages = 0;
  for (int round = 0; round < 60; ++round) {
    KeyMap::Batch batch;
    const Changes loose = SomeChanges(dice, dice() % 3 == 0 ? 0 : dice() % 2000, 4000);
    for (const auto& [key, place] : loose) batch.Put("r" + key, LooseValue(place));
    ASSERT_THAT(map_->Apply(batch), IsOk());
    ApplyTo(expected, loose);
    ASSERT_EQ(Read(), expected) << "round " << round;

    Changes changes = SomeChanges(dice, dice() % 2000, 4000);
    if (dice() % 8 == 0) {
      for (const auto& [key, place] : expected) changes[key] = std::nullopt;
    }
    const Places before = expected;
    ApplyTo(expected, changes);
    const auto look = [&] {
      const Places now = Read();
      Places was_or_will_be;
      for (const Places* some : std::initializer_list<const Places*>{&before, &expected}) {
        for (const auto& [key, place] : *some) {
          const auto found = now.find(key);
          if (found != now.end() && found->second == place) was_or_will_be[key] = place;
          if (before.contains(key) && expected.contains(key)) EXPECT_TRUE(now.contains(key)) << key;
        }
      }
      EXPECT_EQ(now, was_or_will_be);
    };
    auto change = changes.begin();
    KeyFold fold(*map_, batch, pages, /*batch_bytes_max=*/dice() % 8000);
    ASSERT_THAT(fold.Run([&]() -> std::optional<KeyChange> {
      if (dice() % 300 == 0) look();
      if (change == changes.end()) return std::nullopt;
      const auto at = change++;
      return KeyChange{at->first, at->second};
    }),
                IsOk());
    look();
    ASSERT_THAT(map_->Apply(batch), IsOk());
    ASSERT_EQ(Read(), expected) << "round " << round;
    ASSERT_EQ(CountOf("r", "s"), 0);
    ASSERT_EQ(CountOf("p", "r"), pages);
  }
}

TEST_F(KeyFoldTest, LooseEntriesComeIntoPagesInPartsAndNoKeyMoves) {
  std::mt19937 dice(23);
  Places expected;
  int64_t pages = 0;
  std::string from;
  for (int round = 0; round < 300; ++round) {
    KeyMap::Batch batch;
    const Changes loose = SomeChanges(dice, dice() % 4 == 0 ? dice() % 1000 : 0, 4000);
    for (const auto& [key, place] : loose) batch.Put("r" + key, LooseValue(place));
    ASSERT_THAT(map_->Apply(batch), IsOk());
    ApplyTo(expected, loose);
    const int64_t before = CountOf("r", "s");
    const int64_t ahead = CountOf("r" + from, "s");
    const auto most = static_cast<int64_t>(dice() % 400);
    KeyFold fold(*map_, batch, pages, dice() % 8000);
    fold.set_before_apply([&](KeyMap::Batch&) {
      if (dice() % 4 == 0) EXPECT_EQ(Read(), expected);
    });
    const auto next = fold.RunLoose(from, most);
    ASSERT_THAT(next, IsOk());
    ASSERT_THAT(map_->Apply(batch), IsOk());
    ASSERT_EQ(Read(), expected) << "round " << round;
    ASSERT_EQ(CountOf("p", "r"), pages);
    ASSERT_EQ(CountOf("r", "s"), before - std::min(most, ahead));
    ASSERT_EQ(next->has_value(), most < ahead);
    if (*next) EXPECT_EQ(CountOf("r" + from, "r" + **next), 0);
    from = next->value_or(std::string());
  }
}

TEST_F(KeyFoldTest, ALargeFirstFoldMakesPagesOfAboutOneSize) {
  KeyMap::Batch batch;
  int64_t pages = 0;
  uint32_t next = 0;
  std::string key;
  KeyFold fold(*map_, batch, pages, 10'000);
  ASSERT_THAT(fold.Run([&]() -> std::optional<KeyChange> {
    if (next == 50'000) return std::nullopt;
    key = fmt::format("{:08}", next);
    return KeyChange{key, KeyPlace{1, next++}};
  }),
              IsOk());
  ASSERT_THAT(map_->Apply(batch), IsOk());
  EXPECT_EQ(Read().size(), 50'000);
  EXPECT_GT(pages, 200);
  EXPECT_LT(pages, 500);
}

TEST_F(KeyFoldTest, ADamagedPageIsSaid) {
  KeyMap::Batch batch;
  batch.Put("q", "\x05\x01x");
  ASSERT_THAT(map_->Apply(batch), IsOk());
  int64_t pages = 1;
  bool given = false;
  KeyFold fold(*map_, batch, pages);
  EXPECT_THAT(fold.Run([&]() -> std::optional<KeyChange> {
    return std::exchange(given, true) ? std::nullopt : std::optional(KeyChange{"a", KeyPlace{}});
  }),
              IsError(ErrorCode::kKvStorage));
}

}  // namespace
}  // namespace weir
