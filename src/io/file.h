// Files and directories as the storage modules see them: positional, explicit about what is durable, and
// behind an interface so that tests can lose power (faulty_file_system.h).
// Thread: a File may be used by several threads at once, as its descriptor may; a FileSystem is thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir {

class File {
 public:
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Read up to `bytes` bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(int64_t offset, char* to, size_t bytes) const = 0;

  /// Write all pieces one after another, starting at `offset`; grows the file when needed.
  ///
  /// Errors   kDiskWriteLocked  no space left; kStorage  anything else. Bytes may have been written partly.
  /// Durable  nothing until Sync() returned success
  virtual Status WriteAt(int64_t offset, std::span<const BytesView> pieces) = 0;
  Status WriteAt(int64_t offset, BytesView bytes) { return WriteAt(offset, std::span(&bytes, 1)); }

  /// Make the contents and the size durable (fdatasync).
  ///
  /// Errors  kStorage. The kernel then forgets which bytes were dirty: never sync this file again, write the
  ///         bytes to another one (performance fact behind journal.h and log_segment.h).
  virtual Status Sync() = 0;

  virtual Result<int64_t> Size() const = 0;
  virtual Status Truncate(int64_t bytes) = 0;

  /// Reserve disk space for [offset, offset + bytes) without changing the size. A hint: only kDiskWriteLocked is
  /// reported, a file system that cannot reserve is not an error.
  virtual Status Reserve(int64_t offset, int64_t bytes) = 0;

  /// The descriptor, for sendfile; -1 when there is none (tests).
  virtual int fd() const = 0;

  const std::string& path() const { return path_; }

 protected:
  explicit File(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

enum class OpenMode {
  kRead,            // must exist
  kReadWrite,       // must exist
  kCreate,          // read and write; made when missing
  kCreateTruncate,  // read and write; empty afterwards
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;

  /// The entries of a directory in no particular order; empty when it does not exist.
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  virtual bool Exists(const std::string& path) = 0;

  /// Create `directory` and what is missing above it. Durable only after SyncDirectory of each parent.
  virtual Status CreateDirectories(const std::string& directory) = 0;
  /// Make creations, renames and removals directly inside `directory` durable.
  virtual Status SyncDirectory(const std::string& directory) = 0;

  /// Atomically replace `to`. Durable after SyncDirectory of both parents.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// Remove a file; a missing one is not an error.
  virtual Status Remove(const std::string& path) = 0;
  /// Remove a directory and everything below; a missing one is not an error.
  virtual Status RemoveAll(const std::string& directory) = 0;

  /// Make everything written so far on the file system of `directory` durable (syncfs): one call for many files.
  virtual Status SyncAll(const std::string& directory) = 0;
  /// Bytes an ordinary user may still write below `directory`.
  virtual Result<int64_t> SpaceLeft(const std::string& directory) = 0;
};

/// The machine's file system. Lives for ever.
FileSystem& RealFileSystem();

/// Read a whole file. Errors: kStorage when it is missing, unreadable or longer than `bytes_max`.
Result<std::string> ReadFile(FileSystem& files, const std::string& path,
                             int64_t bytes_max = 1 * GiB);

/// Replace a file: write `path`.tmp, sync it, rename it, sync the directory.
/// Durable  afterwards either the old or the new contents are there, after success the new.
Status ReplaceFile(FileSystem& files, const std::string& path, BytesView contents);

/// The directory part of a path ("a/b" of "a/b/c").
std::string_view ParentOf(std::string_view path);

}  // namespace weir
