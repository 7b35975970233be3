// Brings changes of many keys, and the loose entries of earlier changes, into the pages of a key index: one walk over
// all in key order that rewrites the pages with changes and passes the others by.
// Format: docs/formats/key_index.md. One thread; nobody else writes to the map meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/kv/key_map.h"
#include "tiering/key_pages.h"

namespace weir {

// The first byte of a key of the map says what it is about; these stand in the order of their bytes.
inline constexpr char kPageKey = 'p';      // "p" last key -> page of the keys up to it
inline constexpr char kLastPageKey = 'q';  // "q" -> page of the keys behind all others
inline constexpr char kLooseKey =
    'r';  // "r" key -> its place; nothing: no row.  Counts before pages

struct KeyChange {
  BytesView key;
  std::optional<KeyPlace> place;  // nothing: the key is gone
};

std::string LooseValue(const std::optional<KeyPlace>& place);
/// The place in the value of a loose entry. False: it is damaged.
bool ParseLoose(BytesView value, std::optional<KeyPlace>& place);
/// The page that a cursor stands on has keys up to this one; nothing: it has the last ones.
/// Returns false when the cursor is not on a page.
bool IsPage(const KvCursor& at, std::optional<BytesView>& last_key);

/// Once: one Run or one RunLoose. The last part stays in the batch for the caller to apply. Whatever part of it a crash
/// leaves, each key has the place of before or of afterwards.
class KeyFold {
 public:
  /// batch            what is in it is applied first
  /// pages            how many there are, kept up to date
  /// batch_bytes_max  apply the batch when it is about as large
  KeyFold(KeyMap& map, KeyMap::Batch& batch, int64_t& pages, size_t batch_bytes_max = 1 * MiB);
  ~KeyFold();

  /// Called with each batch before it is applied, but the last one, to put more into it.
  void set_before_apply(std::function<void(KeyMap::Batch&)> call) {
    before_apply_ = std::move(call);
  }

  /// Bring changes and all loose entries into the pages.
  /// next  the changes, in key order and each key once; nothing: the end
  /// Errors  kKvStorage, kStorage
  Status Run(std::function<std::optional<KeyChange>()> next);
  /// Bring `most` loose entries into the pages, in key order from the first that is not before `from`: every key stays
  /// where it is. Returns the next one's key; nothing: that was the last.
  /// Errors  kKvStorage, kStorage
  Result<std::optional<std::string>> RunLoose(BytesView from, int64_t most);
  /// Whether a batch was applied, so that after an error a part of the changes is there.
  bool has_applied() const { return has_applied_; }

 private:
  struct Page;

  Status Fold();
  Status LoadLoose();
  void NextUpdate();
  Status Advance();
  Status FoldPage();
  Status Merge(Page& page);
  bool IsFull() const;
  Status ApplyBatch();
  Status CutHere(Page& page);
  void MoveToPage(BytesView key);
  void PutPage(BytesView last_key, BytesView bytes);
  void PutRest(Page& page, const std::string& bytes);
  void DropFolded(std::optional<BytesView> up_to);

  KeyMap& map_;
  KeyMap::Batch& batch_;
  int64_t& pages_;
  const size_t batch_bytes_max_;
  bool has_applied_ = false;
  std::function<void(KeyMap::Batch&)> before_apply_;
  int64_t loose_left_ = INT64_MAX;     // entries that are still to come
  std::optional<std::string> behind_;  // the loose entry behind them
  std::unique_ptr<KvCursor> page_at_;
  std::unique_ptr<KvCursor> loose_at_;
  std::function<std::optional<KeyChange>()> next_;
  std::optional<KeyChange> change_;  // the next one of the caller's
  std::optional<KeyChange> loose_;   // the next loose entry
  std::optional<KeyChange> update_;  // the earlier of both; the caller's when they are of one key
  std::vector<std::string> folded_;  // loose keys that are in a page, or will be in the next one
};

}  // namespace weir
