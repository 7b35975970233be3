// Where each row of a primary-key table is in its lake table: key -> (data file, row in it). It turns
// updates and deletes into positions, so that no reader ever needs an equality delete.
//
// The index knows which lake snapshot it describes. When that is not the table's current one (somebody else
// committed, files were compacted, a crash took the last changes), Sync reads the keys of data files it
// does not know and forgets those that are gone. What it knows of a file holds for the snapshots that stand on the
// one it describes: when the table went back to an older one, rows came to life again that had lost their entry,
// and the index is made again. An entry may outlive its row (a delete that somebody else made): deleting a row
// twice does no harm, and the number of a file that is gone is never another file's.
// Format: docs/formats/key_index.md. One writer; Find from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/row_positions.h"
#include "lake/table_metadata.h"
#include "storage/kv/key_map.h"
#include "tiering/key_fold.h"
#include "tiering/lake_keys.h"

namespace weir {

namespace iceberg {
class FileIo;
class TableReader;
}  // namespace iceberg

/// What a commit does to the index: new places of keys, and keys that are gone.
class KeyChanges {
 public:
  /// A data file that Put names by the number returned.
  int32_t AddFile(std::string path);
  void Put(BytesView key, int32_t file, int64_t row);
  void Remove(BytesView key) { Put(key, kNoFile, 0); }
  /// Take back what Put said of these rows of a file: the index has something newer of their keys.
  void Forget(std::string_view path, const iceberg::RowPositions& rows);

  int64_t memory_bytes() const {
    return static_cast<int64_t>(keys_.capacity() + entries_.capacity() * sizeof(Entry));
  }
  bool empty() const { return entries_.empty() && files_.empty(); }

 private:
  friend class KeyIndex;
  static constexpr int32_t kNoFile = -1;
  static constexpr int32_t kForgotten = -2;
  struct Entry {
    size_t end;  // of its key in keys_
    int32_t file;
    int64_t row;
  };
  std::vector<BytesView> Keys() const;

  std::vector<std::string> files_;
  std::string keys_;
  std::vector<Entry> entries_;
};

/// When entries go from beside the pages into them. Tests make all of it small.
struct KeyIndexLimits {
  /// A commit with so many changes per page rewrites the pages: that costs less than looking each key up later.
  int64_t folded_per_page = 4;
  /// Beside so many loose entries per page a commit brings some of them into the pages,
  int64_t loose_per_page = 32;
  /// twice as many as it adds, and at least so many.
  int64_t folded_min = 4096;
  size_t batch_bytes_max = 1 * MiB;
};

class KeyIndex {
 public:
  /// Open the index in `folder`, or begin an empty one, also where one of another version or a damaged one is.
  /// Errors  kKvStorage, kStorage
  static Result<std::unique_ptr<KeyIndex>> Open(const std::string& folder,
                                                const KeyIndexLimits& limits = {});
  ~KeyIndex();

  /// The lake snapshot whose rows this describes; nothing: none, or a change stopped half way.
  std::optional<int64_t> snapshot_id() const;
  /// It could not be read or written: whoever goes on closes it and opens it again. What is damaged is empty then.
  bool has_failed() const { return has_failed_; }

  /// Bring the index to the table's current snapshot. Reads nothing when it is there already.
  /// Returns how many files were read.
  Result<int64_t> Sync(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                       const LakeKeys& keys);

  /// Called with the path of a data file, the same object for all rows of the file in one Find, and a row in it.
  using TakeRow = std::function<void(const std::string& file, int64_t row)>;
  /// Where the rows of `keys` are, in no order; keys without a row are left out.
  /// Errors  kKvStorage  what was taken is not to be used
  Status Find(std::span<const BytesView> keys, const TakeRow& take) const;

  /// Take over what a commit did. After an error the index may describe no snapshot, until it was synced.
  /// removed_files: data files that are no longer part of the table.
  Status Apply(const KeyChanges& changes, std::span<const std::string> removed_files,
               int64_t snapshot_id);

 private:
  struct Commit;
  using TakePlace = std::function<void(KeyPlace)>;
  KeyIndex(std::unique_ptr<KeyMap> map, const KeyIndexLimits& limits);
  Status Load();
  Result<bool> LoadHead();
  Result<std::optional<int64_t>> GetSnapshotId(char kind) const;
  Status Clear();
  Status Noted(Status status) const;
  /// The head of the index with these counts.
  std::string Head(int64_t pages, int64_t loose) const;
  Result<int64_t> BringTo(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                          const LakeKeys& keys);
  Status BeginSync(int64_t target, uint64_t files);
  Status ReadFile(iceberg::TableReader& reader, const LakeKeys& encoder, uint64_t number,
                  const std::string& path);
  Status FindAll(std::span<const BytesView> keys, const TakeRow& take) const;
  Status TakeOver(const KeyChanges& changes, std::span<const std::string> removed_files,
                  int64_t snapshot_id);
  void Know(uint64_t number, const std::string& path);
  /// Nothing: no file of the table has the number any more.
  std::shared_ptr<const std::string> FileOf(uint64_t number) const;
  Status FindLoose(std::vector<BytesView>& wanted, const TakePlace& take) const;
  Status FindInPages(std::span<const BytesView> wanted, const TakePlace& take) const;
  static std::function<std::optional<KeyChange>()> InOrder(const KeyChanges& changes,
                                                           uint64_t first_file);
  void KnowCommit(const KeyChanges& changes, const Commit& commit,
                  std::span<const std::string> removed_files);
  static void PutCommit(const KeyChanges& changes, const Commit& commit, KeyMap::Batch& batch);
  Status PutLoose(const KeyChanges& changes, const Commit& commit);
  Status ApplyLoose(KeyMap::Batch& batch, int64_t count);
  Status FoldAll(const KeyChanges& changes, const Commit& commit);
  Status FoldSome(int64_t most);

  const std::unique_ptr<KeyMap> map_;
  const KeyIndexLimits limits_;
  mutable std::atomic<bool> has_failed_ = false;
  // Of the writer alone.
  int64_t read_rows_ = 0;       // put by a Sync since everything was folded
  std::string fold_from_;       // loose entries before this were folded by the walk under way
  int64_t put_since_walk_ = 0;  // loose entries since it began
  mutable std::mutex mutex_;    // guards what follows
  std::optional<int64_t> snapshot_id_;
  std::optional<int64_t> target_;  // of a change that has begun and not ended
  uint64_t next_file_ = 1;
  int64_t pages_ = 0;  // about
  int64_t loose_ = 0;  // entries beside the pages, at most; 0: none
  std::unordered_map<uint64_t, std::shared_ptr<const std::string>> paths_;
  std::unordered_map<std::string_view, uint64_t> numbers_;  // views into paths_
};

}  // namespace weir
