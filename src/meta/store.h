// Where metadata lives: a small map of keys to values, all in memory, every change a transaction
// that is on disk before Commit returns. One file `meta-<number>.log` at a time; when it is mostly
// history, its present state is written to a new file. Format: docs/formats/meta_store.md.
//
// Thread: any. Commits of several threads share one fdatasync.
// Source: docs/decisions on metadata; nothing of this is visible to Fluss clients.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir {

class File;
class FileSystem;

/// A list of puts and deletes that happen together or not at all. Later ones win.
class Transaction {
 public:
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  /// Let it happen only if `key` is there at that moment.
  void Need(std::string_view key) { needs_.emplace_back(key); }
  bool empty() const { return payload_.empty(); }

 private:
  friend class Store;
  std::string payload_;
  std::vector<std::string> needs_;
};

struct StoreOptions {
  int64_t log_bytes_min = 4 * MiB;  // do not rewrite a file smaller than this
};

class Store {
 public:
  using Entry = std::pair<std::string, std::string>;

  /// Open the store in `directory`, creating both when missing.
  /// Cuts off a transaction that was being written when the machine stopped.
  /// Errors  kStorage  a file cannot be read, is of a newer format, or is damaged in the middle:
  /// then what lies
  ///                   before the damage is saved in `directory`/quarantine and the message says
  ///                   where
  static Result<std::unique_ptr<Store>> Open(FileSystem& files, const std::string& directory,
                                             const StoreOptions& options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Errors   kDiskWriteLocked  the disk is full;  kStorage  it failed. The transaction did not
  ///                            happen and will not, unless undecided() says otherwise
  ///          kInvalidTable     more than 64 MiB in one transaction
  ///          kCommitConflict   what it needs is not there: nothing happened
  /// Durable  what was committed survives a crash
  Status Commit(const Transaction& transaction);

  /// A transaction failed and could not be taken back either: the next start may find it and carry it
  /// out. Until Settle or a Commit succeeds nobody may acknowledge anything that it could undo, such
  /// as rows of a table that it may have dropped. Any thread; stays where it is.
  const std::atomic<bool>& undecided() const { return undecided_; }
  /// Try again to take such a transaction back; nothing to do otherwise. Blocks.
  /// Errors  kStorage  not yet
  Status Settle();

  std::optional<std::string> Get(std::string_view key) const;
  /// Everything whose key begins with `prefix`, by key.
  std::vector<Entry> Scan(std::string_view prefix) const;
  /// The same without copies; `visit` must not call the store.
  void Visit(std::string_view prefix,
             const std::function<void(BytesView key, BytesView value)>& visit) const;

  /// Bytes of the current file; for metrics and tests.
  int64_t log_bytes() const { return file_bytes_; }

 private:
  struct Waiter;
  Store(FileSystem& files, std::string directory, const StoreOptions& options);

  std::string PathOf(uint64_t number) const;
  Status Load();
  Status LoadFile(uint64_t number);
  Failure Damaged(const std::string& path, BytesView good) const;
  void Apply(BytesView key, std::optional<BytesView> value);
  std::vector<Waiter*> TakeBatch();
  Status CheckNeeds(const Transaction& transaction) const;
  Status WriteBatch(const std::vector<Waiter*>& batch);
  /// Have a file to append to.
  Status PrepareFile();
  /// Write the present state to a new file and make it the current one. When that fails once the new
  /// file may have its name, there is no current file any more.
  Status Rewrite();
  /// The transaction behind the current state is never to be seen, whatever reached the disk.
  void TakeBack();
  Status CutFile();
  Failure Undecided() const;

  FileSystem& files_;
  const std::string directory_;
  const StoreOptions options_;

  mutable std::mutex mutex_;  // guards everything below; released while the leader writes
  std::condition_variable written_;
  std::vector<Waiter*> queue_;
  bool writing_ = false;

  std::map<std::string, std::string, std::less<>> map_;  // changed by the leader under mutex_
  int64_t live_bytes_ = 0;
  // Only the leader touches these.
  std::unique_ptr<File> file_;     // null after a failure: the next commit starts a new file
  std::unique_ptr<File> suspect_;  // whose last write failed, until that cannot be seen any more
  std::atomic<int64_t> file_bytes_ = 0;
  uint64_t file_number_ = 0;  // of the newest file known to be there for good
  uint64_t next_number_ = 1;
  std::atomic<bool> undecided_ = false;
};

}  // namespace weir
