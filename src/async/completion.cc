#include "async/completion.h"

#include <utility>

namespace weir {

void Completion::Notify() {
  notified_ = true;
  if (resume_) std::exchange(resume_, nullptr)();
}

Task<bool> Completion::Wait(std::shared_ptr<Completion> self, std::chrono::milliseconds at_most) {
  if (self->notified_) co_return true;
  const TimerId deadline = self->home_.timers().Add(at_most, [self] {
    if (self->resume_) std::exchange(self->resume_, nullptr)();
  });
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      [&self](auto handler) {
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        self->resume_ = [waiting, &home = self->home_] {
          boost::asio::post(home.io(), [waiting] { std::move (*waiting)(); });
        };
      },
      boost::asio::use_awaitable);
  self->home_.timers().Cancel(deadline);
  co_return self->notified_;
}

}  // namespace weir
