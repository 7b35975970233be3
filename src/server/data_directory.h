// The data directory and the lock that keeps a second process out of it. The lock is the kernel's:
// it goes with the process, however that ends, and leaves nothing to clean up.
#pragma once

#include <string>

#include "base/result.h"

namespace weir {

class DataDirectory {
 public:
  /// Create the directory when it is missing, check that it can be written and lock it.
  /// Errors  kStorage  not a directory, not writable, or another server has it (names the pid);
  /// says what to do
  static Result<DataDirectory> Lock(const std::string& path);
  /// Whether a server has ever run there: the folder exists and has metadata. Changes nothing.
  static bool HasData(const std::string& path);
  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;

  /// Absolute.
  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

}  // namespace weir
