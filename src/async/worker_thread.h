// A thread of its own for something that waits on the disk in a loop (group commit, housekeeping).
// Everything else runs on shards or in the BlockingPool.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace weir {

class WorkerThread {
 public:
  /// kUrgent: ahead of ordinary threads where the system permits; for threads that mostly sleep and
  /// whose wake-up somebody waits for.
  enum class Priority { kNormal, kUrgent };

  /// Run `body` on a new thread. `name` shows in top -H; at most 15 characters.
  /// `body` does not throw: nobody would know what its loop left undone, so that ends the process, with a line in
  /// the log. A loop over things that can fail each by itself catches around each (base/guarded.h).
  WorkerThread(std::string name, Priority priority, std::function<void()> body);
  /// Joins; `body` must have been told to return.
  ~WorkerThread() { Join(); }
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace weir
