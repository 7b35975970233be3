#include "lake/local_store.h"

#include <arrow/io/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "io/errno_error.h"
#include "io/file.h"
#include "lake/output_stream.h"

namespace weir::iceberg {
namespace {

/// Make a folder and what is missing above it, each name durable.
Status MakeFolder(const std::string& folder) {
  FileSystem& files = RealFileSystem();
  if (folder.empty() || files.Exists(folder)) return {};
  const std::string parent(ParentOf(folder));
  RETURN_IF_ERROR(MakeFolder(parent));
  RETURN_IF_ERROR(files.CreateDirectories(folder));
  return files.SyncDirectory(parent.empty() ? "/" : parent);
}

std::string TemporaryName(const std::string& path) {
  static std::atomic<int64_t> number{0};
  return fmt::format("{}.{}-{}.tmp", path, getpid(), number.fetch_add(1));
}

class LocalOutput final : public OutputFile {
 public:
  LocalOutput(std::string path, std::unique_ptr<File> file, LocalSync sync)
      : path_(std::move(path)), file_(std::move(file)), sync_(sync) {}

  ~LocalOutput() override {
    if (file_ != nullptr) unlink(file_->path().c_str());
  }

  Status Append(BytesView bytes) override {
    RETURN_IF_ERROR(file_->WriteAt(bytes_, bytes));
    bytes_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  Status Finish() override {
    return Place([this] { return rename(file_->path().c_str(), path_.c_str()); });
  }

  /// Finish, but never over a file that is there.
  Status FinishNew() {
    RETURN_IF_ERROR(Place([this] { return link(file_->path().c_str(), path_.c_str()); }));
    return {};
  }

  int64_t bytes() const override { return bytes_; }

  std::shared_ptr<arrow::io::OutputStream> stream() override {
    return std::make_shared<AppendingStream>(*this);
  }

 private:
  template <class F>
  Status Place(F&& place) {
    if (sync_ == LocalSync::kYes) RETURN_IF_ERROR(file_->Sync());
    if (place() != 0) {
      if (errno == EEXIST) {
        return Fail(ErrorCode::kFileAlreadyExist, "a file is there already: path={}", path_);
      }
      return FromErrno("name", path_, errno);
    }
    unlink(file_->path().c_str());  // the second name after link; nothing after rename
    file_.reset();
    if (sync_ == LocalSync::kNo) return {};
    return RealFileSystem().SyncDirectory(std::string(ParentOf(path_)));
  }

  const std::string path_;
  std::unique_ptr<File> file_;  // null once finished
  const LocalSync sync_;
  int64_t bytes_ = 0;
};

Result<std::unique_ptr<LocalOutput>> Open(const std::string& location, LocalSync sync) {
  ASSIGN_OR_RETURN(std::string path, LocalPath(location));
  RETURN_IF_ERROR(MakeFolder(std::string(ParentOf(path))));
  ASSIGN_OR_RETURN(auto file,
                   RealFileSystem().Open(TemporaryName(path), OpenMode::kCreateTruncate));
  return std::make_unique<LocalOutput>(std::move(path), std::move(file), sync);
}

FileStat StatOf(std::string location, const struct stat& found) {
  return {std::move(location), found.st_size,
          found.st_mtim.tv_sec * 1000 + found.st_mtim.tv_nsec / 1'000'000};
}

class LocalStore final : public FileStore {
 public:
  explicit LocalStore(LocalSync sync) : sync_(sync) {}

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes) override {
    ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
    // To open a pipe is to wait for somebody who writes into it.
    struct stat info;
    if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
      return Fail(ErrorCode::kStorage, "not a regular file: path={}", location);
    auto file = arrow::io::ReadableFile::Open(path);
    if (file.ok()) return std::shared_ptr<arrow::io::RandomAccessFile>(*file);
    if (!RealFileSystem().Exists(path)) {
      return Fail(ErrorCode::kFileNotExist, "no such file: path={}", location);
    }
    return FromArrow(file.status(), "cannot open a file", location);
  }

  Result<std::unique_ptr<OutputFile>> OpenOutput(const std::string& location) override {
    ASSIGN_OR_RETURN(auto file, Open(location, sync_));
    return std::unique_ptr<OutputFile>(std::move(file));
  }

  Status WriteNew(const std::string& location, BytesView bytes) override {
    ASSIGN_OR_RETURN(auto file, Open(location, sync_));
    RETURN_IF_ERROR(file->Append(bytes));
    return file->FinishNew();
  }

  Status Delete(const std::string& location) override {
    ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
    return RealFileSystem().Remove(path);
  }

  Status Sync(const std::string& location) override {
    ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
    ASSIGN_OR_RETURN(const auto file, RealFileSystem().Open(path, OpenMode::kReadWrite));
    RETURN_IF_ERROR(file->Sync());
    return RealFileSystem().SyncDirectory(std::string(ParentOf(path)));
  }

  Result<std::vector<FileStat>> List(const std::string& location) override {
    ASSIGN_OR_RETURN(const std::string folder, LocalPath(location));
    std::vector<FileStat> found;
    std::error_code failed;
    std::filesystem::recursive_directory_iterator at(folder, failed);
    for (const std::filesystem::recursive_directory_iterator end; !failed && at != end;
         at.increment(failed)) {
      struct stat info;
      // A file may go while we look.
      if (lstat(at->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      const std::string below = at->path().string().substr(folder.size());
      found.push_back(StatOf(Join(location, below), info));
    }
    if (failed && failed != std::errc::no_such_file_or_directory) {
      return FromErrno("list", location, failed.value());
    }
    return found;
  }

  Result<std::optional<FileStat>> Stat(const std::string& location) override {
    ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
    struct stat info;
    if (stat(path.c_str(), &info) == 0) {
      if (!S_ISREG(info.st_mode)) return std::nullopt;
      return StatOf(location, info);
    }
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return FromErrno("stat", location, errno);
  }

 private:
  const LocalSync sync_;
};

}  // namespace

std::shared_ptr<FileStore> MakeLocalStore(LocalSync sync) {
  return std::make_shared<LocalStore>(sync);
}

}  // namespace weir::iceberg
