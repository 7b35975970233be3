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

#include <cstdint>
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
#include "tiering/lake_keys.h"

namespace weir {

class KeyMap;
namespace iceberg {
class FileIo;
class TableReader;
}  // namespace iceberg

struct RowLocation {
  std::shared_ptr<const std::string> file;  // path of the data file
  int64_t row = 0;
};

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

class KeyIndex {
 public:
  /// Open the index in `folder`, or begin an empty one.
  /// Errors  kKvStorage, kStorage
  static Result<std::unique_ptr<KeyIndex>> Open(const std::string& folder);
  ~KeyIndex();

  /// The lake snapshot whose rows this describes; nothing: none, or a Sync stopped half way.
  std::optional<int64_t> snapshot_id() const;

  /// Bring the index to the table's current snapshot. Reads nothing when it is there already.
  /// Returns how many files were read.
  Result<int64_t> Sync(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                       const LakeKeys& keys);

  /// Where the rows of `keys` are; nothing for a key without a row. In the order of `keys`.
  Result<std::vector<std::optional<RowLocation>>> Find(std::span<const BytesView> keys) const;

  /// Take over what a commit did: all of it or, after an error, nothing.
  /// removed_files: data files that are no longer part of the table.
  Status Apply(const KeyChanges& changes, std::span<const std::string> removed_files,
               int64_t snapshot_id);

 private:
  explicit KeyIndex(std::unique_ptr<KeyMap> map);
  Status Load();
  Status Clear();
  Status BeginSync(int64_t target, uint64_t files);
  Status ReadFile(iceberg::TableReader& reader, const LakeKeys& encoder, uint64_t number,
                  const std::string& path);
  void Know(uint64_t number, const std::string& path);

  std::unique_ptr<KeyMap> map_;
  mutable std::mutex mutex_;  // guards what follows
  std::optional<int64_t> snapshot_id_;
  std::optional<int64_t> target_;  // of a Sync that has begun and not ended
  uint64_t next_file_ = 1;
  std::unordered_map<uint64_t, std::shared_ptr<const std::string>> paths_;
  std::unordered_map<std::string_view, uint64_t> numbers_;  // views into paths_
};

}  // namespace weir
