#include "async/worker_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/log.h"

namespace weir {
namespace {

// Refusals are fine: an unprivileged server works, with later wake-ups on a full machine.
void RaisePriority() {
  const sched_param lowest_realtime{.sched_priority = 1};
  if (pthread_setschedparam(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest_realtime) ==
      0)
    return;
  constexpr int kNice = -10;
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
}

}  // namespace

WorkerThread::WorkerThread(std::string name, Priority priority, std::function<void()> body)
    : thread_([name = std::move(name), priority, body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        if (priority == Priority::kUrgent) RaisePriority();
        try {
          body();
        } catch (const std::exception& e) {
          LogError("async", "a thread threw, the process ends: thread={} error=\"{}\"", name,
                   e.what());
          std::terminate();
        }
      }) {}

}  // namespace weir
