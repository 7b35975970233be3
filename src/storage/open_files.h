// A bound on open files: whoever has a file that is needed now and then keeps an OpenFiles::Slot, and the least
// recently used slot is closed when there are too many. One OpenFiles per shard; not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/file.h"

namespace weir {

class OpenFiles {
 public:
  /// One file that may be open or not. Must not outlive the OpenFiles it is used with.
  class Slot {
   public:
    Slot() = default;
    ~Slot() { Close(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    void Close();
    bool is_open() const { return file_ != nullptr; }

   private:
    friend class OpenFiles;
    OpenFiles* owner_ = nullptr;
    std::shared_ptr<File> file_;
    std::list<Slot*>::iterator place_;
  };

  OpenFiles(FileSystem& files, size_t open_max) : files_(files), open_max_(open_max) {}

  /// The slot's file when it is open, else null. Counts as a use.
  const std::shared_ptr<File>* Cached(Slot& slot);
  /// Open `path` into the slot. Another slot may be closed; who holds its file may go on using it.
  Result<std::shared_ptr<File>> Open(Slot& slot, const std::string& path, OpenMode mode);

  size_t open_count() const { return used_.size(); }
  FileSystem& files() { return files_; }

 private:
  FileSystem& files_;
  const size_t open_max_;
  std::list<Slot*> used_;  // most recent first
};

}  // namespace weir
