#include "server/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/log.h"

namespace weir {
namespace {

constexpr const char* kLockFile = "weir.lock";

std::string ReadPid(int fd) {
  char text[32] = {};
  const ssize_t got = ::pread(fd, text, sizeof(text) - 1, 0);
  return got > 0 ? std::string(text, strcspn(text, " \n")) : std::string("unknown");
}

}  // namespace

Result<DataDirectory> DataDirectory::Lock(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return Fail(ErrorCode::kStorage, "cannot create the data directory: path={} error=\"{}\"", path,
                error.message());
  }
  const std::filesystem::path absolute = std::filesystem::canonical(path, error);
  const std::string lock_path = absolute / kLockFile;
  const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Fail(ErrorCode::kStorage, "cannot write to the data directory: path={} error=\"{}\"",
                path, std::strerror(errno));
  }
  DataDirectory directory(absolute, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Fail(ErrorCode::kStorage,
                "another server uses this data directory: path={} pid={}; stop it or choose "
                "another --data-dir",
                path, ReadPid(fd));
  }
  // For people only. Of constant length, so that it overwrites the last one's: a full disk is no reason not to start.
  const std::string pid = fmt::format("{:<10}\n", ::getpid());
  if (::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    LogWarn("server", "cannot write the pid down: path={} error=\"{}\"", lock_path,
            std::strerror(errno));
  }
  return directory;
}

bool DataDirectory::HasData(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(std::filesystem::path(path) / "meta", ignored);
}

DataDirectory::~DataDirectory() {
  if (fd_ >= 0) ::close(fd_);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

}  // namespace weir
