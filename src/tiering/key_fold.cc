#include "tiering/key_fold.h"

#include <utility>

#include "storage/kv/engine.h"

namespace weir {
namespace {

/// Memory of a loose entry's key that is to be deleted, about.
constexpr size_t kFoldedBytes = 64;
/// Pages passed one by one before the walk jumps.
constexpr int kStepsMax = 8;

std::string KeyOf(char kind, BytesView key) { return std::string(1, kind).append(key); }

}  // namespace

std::string LooseValue(const std::optional<KeyPlace>& place) {
  std::string value;
  if (place) {
    AppendVarint(place->file, value);
    AppendVarint(place->row, value);
  }
  return value;
}

bool ParseLoose(BytesView value, std::optional<KeyPlace>& place) {
  place.reset();
  if (value.empty()) return true;
  KeyPlace found;
  if (!ReadVarint(value, found.file) || !ReadVarint(value, found.row) || !value.empty())
    return false;
  place = found;
  return true;
}

bool IsPage(const KvCursor& at, std::optional<BytesView>& last_key) {
  last_key.reset();
  if (!at.valid()) return false;
  const BytesView key = at.key();
  if (key.front() == kPageKey) last_key = key.substr(1);
  return last_key || key.front() == kLastPageKey;
}

/// The page being rewritten.
struct KeyFold::Page {
  std::string key;  // in the map
  std::optional<std::string> last;
  bool exists = false;
  KeyPageReader reader;
  KeyPageWriter writer;
  bool in_step = false;  // the last key written is the one that the reader passed last

  /// The reader's key, which is about to be passed.
  void Keep() {
    if (in_step) {
      writer.AddEntry(reader);
    } else {
      Write(reader.place());
    }
  }
  void Write(KeyPlace place) {
    writer.Add(reader.key(), place, in_step ? reader.shared() : KeyPageWriter::kUnknown);
    in_step = true;
  }
};

KeyFold::KeyFold(KeyMap& map, KeyMap::Batch& batch, int64_t& pages, size_t batch_bytes_max)
    : map_(map),
      batch_(batch),
      pages_(pages),
      batch_bytes_max_(batch_bytes_max),
      page_at_(map.NewCursor()),
      loose_at_(map.NewCursor()) {}
KeyFold::~KeyFold() = default;

Status KeyFold::Run(std::function<std::optional<KeyChange>()> next) {
  next_ = std::move(next);
  change_ = next_();
  loose_at_->Seek(BytesView(&kLooseKey, 1));
  return Fold();
}

Result<std::optional<std::string>> KeyFold::RunLoose(BytesView from, int64_t most) {
  loose_left_ = most;
  loose_at_->Seek(KeyOf(kLooseKey, from));
  RETURN_IF_ERROR(Fold());
  return std::move(behind_);
}

Status KeyFold::Fold() {
  RETURN_IF_ERROR(LoadLoose());
  NextUpdate();
  if (update_) page_at_->Seek(KeyOf(kPageKey, update_->key));
  while (update_) RETURN_IF_ERROR(FoldPage());
  return {};
}

Status KeyFold::LoadLoose() {
  loose_.reset();
  if (!loose_at_->valid()) return map_.Check(*loose_at_);
  if (loose_at_->key().front() != kLooseKey) return {};
  const BytesView key = loose_at_->key().substr(1);
  if (loose_left_-- == 0) {
    behind_ = key;
    return {};
  }
  loose_ = KeyChange{.key = key, .place = std::nullopt};
  return ParseLoose(loose_at_->value(), loose_->place) ? Status() : map_.Damaged("a loose entry");
}

void KeyFold::NextUpdate() {
  const bool is_change = change_ && (!loose_ || change_->key <= loose_->key);
  update_ = is_change ? change_ : loose_;
}

Status KeyFold::Advance() {
  const bool is_change = change_ && (!loose_ || change_->key <= loose_->key);
  if (loose_ && update_->key == loose_->key) {
    folded_.emplace_back(loose_->key);
    loose_at_->Next();
    RETURN_IF_ERROR(LoadLoose());
  }
  if (is_change) change_ = next_();
  NextUpdate();
  return {};
}

void KeyFold::MoveToPage(BytesView key) {
  std::optional<BytesView> last;
  for (int steps = 0; IsPage(*page_at_, last) && last && *last < key; ++steps) {
    if (steps < kStepsMax) {
      page_at_->Next();
    } else {
      page_at_->Seek(KeyOf(kPageKey, key));
    }
  }
}

Status KeyFold::FoldPage() {
  MoveToPage(update_->key);
  RETURN_IF_ERROR(map_.Check(*page_at_));
  std::optional<BytesView> last;
  const bool exists = IsPage(*page_at_, last);
  Page page{.key = last ? KeyOf(kPageKey, *last) : std::string(1, kLastPageKey),
            .last = last ? std::optional<std::string>(*last) : std::nullopt,
            .exists = exists,
            .reader = KeyPageReader(exists ? page_at_->value() : BytesView()),
            .writer = KeyPageWriter([this](BytesView last_key, BytesView bytes) {
              PutPage(last_key, bytes);
              DropFolded(last_key);
            })};
  RETURN_IF_ERROR(Merge(page));
  PutRest(page, page.writer.Finish());
  DropFolded(std::nullopt);
  return IsFull() ? ApplyBatch() : Status();
}

Status KeyFold::ApplyBatch() {
  if (before_apply_) before_apply_(batch_);
  RETURN_IF_ERROR(map_.Apply(batch_));
  has_applied_ = true;
  return {};
}

bool KeyFold::IsFull() const {
  return batch_.bytes() + folded_.size() * kFoldedBytes >= batch_bytes_max_;
}

Status KeyFold::Merge(Page& page) {
  KeyPageReader& reader = page.reader;
  while (update_ && (!page.last || update_->key <= *page.last)) {
    if (IsFull()) RETURN_IF_ERROR(CutHere(page));
    if (reader.SkipTo(update_->key, [&] { page.Keep(); })) {
      if (update_->place) {
        page.Write(*update_->place);
      } else {
        page.in_step = false;
      }
      reader.Next();
    } else if (update_->place) {
      page.writer.Add(update_->key, *update_->place);
      page.in_step = false;
    }
    RETURN_IF_ERROR(Advance());
  }
  for (; reader.valid(); reader.Next()) page.Keep();
  return reader.damaged() ? map_.Damaged("a page") : Status();
}

/// Apply what there is in the middle of a page, as one up to here and one of what is behind. An update is still to
/// come, so the key added last is not the page's own.
Status KeyFold::CutHere(Page& page) {
  const std::string last_key(page.writer.last_key());
  if (const std::string bytes = page.writer.Finish(); !bytes.empty()) PutPage(last_key, bytes);
  KeyPageReader rest = page.reader;
  KeyPageWriter writer(nullptr);
  for (; rest.valid(); rest.Next()) writer.Add(rest.key(), rest.place());
  if (rest.damaged()) return map_.Damaged("a page");
  PutRest(page, writer.Finish());
  DropFolded(std::nullopt);
  return ApplyBatch();
}

void KeyFold::PutPage(BytesView last_key, BytesView bytes) {
  batch_.Put(KeyOf(kPageKey, last_key), bytes);
  ++pages_;
}

void KeyFold::PutRest(Page& page, const std::string& bytes) {
  if (!bytes.empty()) {
    batch_.Put(page.key, bytes);
  } else if (page.exists) {
    batch_.Delete(page.key);
  }
  pages_ += static_cast<int64_t>(!bytes.empty()) - static_cast<int64_t>(page.exists);
  page.exists = !bytes.empty();
}

/// up_to  the last key that is in a page by now; nothing: all are
void KeyFold::DropFolded(std::optional<BytesView> up_to) {
  size_t count = 0;
  for (; count < folded_.size() && (!up_to || folded_[count] <= *up_to); ++count)
    batch_.Delete(KeyOf(kLooseKey, folded_[count]));
  folded_.erase(folded_.begin(), folded_.begin() + static_cast<ptrdiff_t>(count));
}

}  // namespace weir
