#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <map>
#include <mutex>

#include "io/errno_error.h"
#include "io/file.h"

namespace weir {
namespace {

/// pwritev may write less than asked for: step over what it took and go on.
class PieceCursor {
 public:
  explicit PieceCursor(std::span<const BytesView> pieces) : pieces_(pieces) { SkipEmpty(); }

  bool done() const { return pieces_.empty(); }

  int Fill(std::span<iovec> out) const {
    int n = 0;
    size_t skip = within_;
    for (const BytesView piece : pieces_) {
      if (n == static_cast<int>(out.size())) break;
      if (piece.size() > skip) {
        out[static_cast<size_t>(n++)] = {const_cast<char*>(piece.data() + skip),
                                         piece.size() - skip};
      }
      skip = 0;
    }
    return n;
  }

  void Advance(size_t bytes) {
    within_ += bytes;
    SkipEmpty();
  }

 private:
  void SkipEmpty() {
    while (!pieces_.empty() && within_ >= pieces_.front().size()) {
      within_ -= pieces_.front().size();
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const BytesView> pieces_;
  size_t within_ = 0;  // bytes of the first piece already written
};

class PosixFile final : public File {
 public:
  PosixFile(std::string path, int fd) : File(std::move(path)), fd_(fd) {}
  ~PosixFile() override { close(fd_); }

  using File::WriteAt;

  Result<size_t> ReadAt(int64_t offset, char* to, size_t bytes) const override {
    size_t got = 0;
    while (got < bytes) {
      const ssize_t n = pread(fd_, to + got, bytes - got, offset + static_cast<int64_t>(got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno("read", path_, errno);
      if (n == 0) break;
      got += static_cast<size_t>(n);
    }
    return got;
  }

  Status WriteAt(int64_t offset, std::span<const BytesView> pieces) override {
    std::array<iovec, 64> vectors;
    for (PieceCursor cursor(pieces); !cursor.done();) {
      const int count = cursor.Fill(vectors);
      const ssize_t n = pwritev(fd_, vectors.data(), count, offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno("write", path_, errno);
      if (n == 0) return FromErrno("write", path_, ENOSPC);
      cursor.Advance(static_cast<size_t>(n));
      offset += n;
    }
    return {};
  }

  Status Sync() override {
    // No retry on EINTR-like errors either: after a failure the dirty marks are gone.
    if (fdatasync(fd_) != 0) return FromErrno("fdatasync", path_, errno);
    return {};
  }

  Result<int64_t> Size() const override {
    struct stat about;
    if (fstat(fd_, &about) != 0) return FromErrno("stat", path_, errno);
    return about.st_size;
  }

  Status Truncate(int64_t bytes) override {
    if (ftruncate(fd_, bytes) != 0) return FromErrno("truncate", path_, errno);
    return {};
  }

  Status Reserve(int64_t offset, int64_t bytes) override {
    if (fallocate(fd_, FALLOC_FL_KEEP_SIZE, offset, bytes) == 0) return {};
    if (errno == ENOSPC || errno == EDQUOT) return FromErrno("reserve", path_, errno);
    return {};
  }

  int fd() const override { return fd_; }

 private:
  const int fd_;
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const int fd = open(path.c_str(), FlagsOf(mode) | O_CLOEXEC, 0644);
    if (fd < 0) return FromErrno("open", path, errno);
    return std::make_unique<PosixFile>(path, fd);
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    std::vector<DirectoryEntry> entries;
    DIR* dir = opendir(directory.c_str());
    if (dir == nullptr) {
      if (errno == ENOENT) return entries;
      return FromErrno("list", directory, errno);
    }
    errno = 0;
    while (const dirent* entry = readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..")
        entries.push_back({std::string(name), IsDirectory(directory, *entry)});
      errno = 0;
    }
    const int error_number = errno;
    closedir(dir);
    if (error_number != 0) return FromErrno("list", directory, error_number);
    return entries;
  }

  bool Exists(const std::string& path) override { return access(path.c_str(), F_OK) == 0; }

  Status CreateDirectories(const std::string& directory) override {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return FromErrno("create directory", directory, error.value());
    return {};
  }

  Status SyncDirectory(const std::string& directory) override {
    return WithDirectory(directory, "sync directory", fsync);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) return FromErrno("rename", from, errno);
    return {};
  }

  Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return FromErrno("remove", path, errno);
    return {};
  }

  Status RemoveAll(const std::string& directory) override {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) return FromErrno("remove", directory, error.value());
    return {};
  }

  Status SyncAll(const std::string& directory) override {
    // One descriptor for ever: it is told of every error since it was opened, whoever else was told before.
    std::lock_guard lock(sync_mutex_);
    const auto [known, fresh] = sync_fds_.try_emplace(directory, -1);
    if (known->second < 0) {
      known->second = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (known->second < 0) return FromErrno("open", directory, errno);
    if (syncfs(known->second) != 0) return FromErrno("syncfs", directory, errno);
    return {};
  }

  Result<int64_t> SpaceLeft(const std::string& directory) override {
    struct statvfs about;
    if (statvfs(directory.c_str(), &about) != 0) return FromErrno("statvfs", directory, errno);
    return static_cast<int64_t>(about.f_bavail) * static_cast<int64_t>(about.f_frsize);
  }

 private:
  static bool IsDirectory(const std::string& directory, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    std::error_code ignored;
    return std::filesystem::is_directory(directory + "/" + entry.d_name, ignored);
  }

  static Status WithDirectory(const std::string& directory, std::string_view operation,
                              int (*call)(int)) {
    const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FromErrno(operation, directory, errno);
    const int failed = call(fd);
    const int error_number = errno;
    close(fd);
    if (failed != 0) return FromErrno(operation, directory, error_number);
    return {};
  }

  std::mutex sync_mutex_;
  std::map<std::string, int> sync_fds_;  // by directory
};

}  // namespace

Failure FromErrno(std::string_view operation, std::string_view path, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Fail(full ? ErrorCode::kDiskWriteLocked : ErrorCode::kStorage,
              "{} failed: path={} error={}", operation, path,
              std::generic_category().message(error_number));
}

FileSystem& RealFileSystem() {
  static PosixFileSystem files;
  return files;
}

}  // namespace weir
