// A file system in memory that fails like a real disk, for tests: it can lose power (what was not synced is gone,
// half there or torn), run out of space, and refuse the n-th call of a kind.
// Not thread-safe beyond what one test needs: calls are serialised by a mutex, so a committer thread may share it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "io/file.h"

namespace weir {

class FaultyFileSystem final : public FileSystem {
 public:
  /// kOpen: of a file that is there, kCreate: of one that is not, or a directory.
  enum class Call {
    kRead,
    kOpen,
    kWrite,
    kSync,
    kSyncDirectory,
    kCreate,
    kTruncate,
    kRename,
    kRemove
  };

  FaultyFileSystem();

  /// Let the `nth` call (1 = the next) of `kind` fail with `code`, once or until further notice.
  enum class Until { kOnce, kForEver };
  void FailCall(Call kind, int64_t nth, ErrorCode code, Until until = Until::kOnce);
  void ClearFaults();

  /// What the cache has of writes whose sync failed: they stay readable, as on ext4, or are dropped, as on XFS.
  enum class AfterFailedSync { kReadable, kDropped };
  void set_after_failed_sync(AfterFailedSync what);

  /// Bytes that may still be written into fresh space; -1: no bound. Writes past it fail with kDiskWriteLocked
  /// after writing what fits.
  void set_space_left(int64_t bytes);

  /// From the `nth` write-like call on (write, sync, create, rename, remove, truncate) nothing happens any more:
  /// every call fails with kStorage. What a test does after that belongs to a process that is already dead.
  void StopAfter(int64_t nth_call);
  bool stopped() const;
  int64_t write_calls() const;

  /// Lose power: of what was not synced, `random` decides what reached the disk. Each unsynced write is there, not
  /// there or torn at 512 bytes; names made or removed without SyncDirectory come in order but may stop early.
  /// Open files of before must not be used any more. Also clears StopAfter and faults.
  void LosePower(std::mt19937_64& random);
  /// kill -9: everything written is there, but StopAfter and faults are over.
  void KillProcess();

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  bool Exists(const std::string& path) override;
  Status CreateDirectories(const std::string& directory) override;
  Status SyncDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveAll(const std::string& directory) override;
  Status SyncAll(const std::string& directory) override;
  Result<int64_t> SpaceLeft(const std::string& directory) override;

  /// Flip bits in a stored file, also in what counts as durable.
  void Damage(const std::string& path, int64_t offset, BytesView with);

 private:
  friend class FaultyFile;

  struct Change {  // of a file's contents, not yet synced
    int64_t offset = 0;
    std::string bytes;      // written there
    bool truncate = false;  // or: cut to `offset`
  };
  struct Node {
    bool is_directory = false;
    std::string durable;
    std::string current;
    std::vector<Change> changes;
    bool lost_changes = false;  // by a sync of everything; the next one of the file says so
  };
  using NodeRef = std::shared_ptr<Node>;
  struct NameChange {  // not yet synced: what the name points to afterwards; null = removed
    std::string path;
    NodeRef node;
  };
  struct Fault {
    int64_t at = 0;
    ErrorCode code = ErrorCode::kStorage;
    Until until = Until::kOnce;
  };

  bool stop_after_hit() const { return stop_after_ >= 0 && write_calls_ >= stop_after_; }
  Status Before(Call kind);
  void SetName(const std::string& path, NodeRef node);
  void ApplyNameChange(const NameChange& change);
  static void Apply(std::string& contents, const Change& change);
  void ForgetChanges(Node& node) const;
  void Persist(Node& node, std::mt19937_64& random);

  mutable std::mutex mutex_;
  std::map<std::string, NodeRef> current_;
  std::map<std::string, NodeRef> durable_;
  std::map<std::string, std::vector<NameChange>> name_changes_;  // by directory
  std::map<Call, int64_t> calls_;
  std::map<Call, Fault> faults_;
  int64_t write_calls_ = 0;
  int64_t stop_after_ = -1;
  int64_t space_left_ = -1;
  AfterFailedSync after_failed_sync_ = AfterFailedSync::kReadable;
};

}  // namespace weir
