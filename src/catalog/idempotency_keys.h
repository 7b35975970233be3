// Requests that carry an Idempotency-Key happen once: a repeated one gets the first one's answer. Answers are kept in
// memory for a while, and as many as fit; that a commit happened is also written with the commit itself, in one
// transaction, so that a client which asks again when the answer is gone, also after a crash, does not take its own
// commit for somebody else's.
// Source: Iceberg REST OpenAPI, parameter idempotency-key: answers below 500 are final.
//
// Thread: any. Begin waits while the same key is under way elsewhere.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "catalog/rest_request.h"

namespace weir {
class Store;
class Transaction;
}  // namespace weir

namespace weir::iceberg {

class IdempotencyKeys {
 public:
  IdempotencyKeys(Store& store, std::chrono::milliseconds lifetime,
                  const Clock& clock = SystemClock());

  /// What is known of a request before it runs.
  struct Past {
    std::optional<RestResponse> answer;  // give this one
    bool committed = false;              // it happened; only the answer is lost
  };
  /// Take the key. Without a past, the caller runs the request and must call Finish or Abandon.
  /// Errors  kBadRequest  the key is no UUID;  kUnprocessable  it was another request's
  RestResult<Past> Begin(const RestRequest& request);
  void Finish(const RestRequest& request, const RestResponse& response);
  /// There is no answer: whoever asks again runs it again.
  void Abandon(const RestRequest& request);

  /// Put the mark "this request happened" beside the changes of its commit, and remove marks that are too old.
  void Mark(const RestRequest& request, Transaction& transaction);

 private:
  struct Entry {
    std::string digest;
    bool running = true;
    RestResponse response;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  struct Dated {
    int64_t at_ms = 0;
    std::string key;
  };

  void LoadMarks();
  void ForgetOld();
  std::optional<std::string> MarkOf(const std::string& key) const;

  Store& store_;
  const std::chrono::milliseconds lifetime_;
  const Clock& clock_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable finished_;
  Entries entries_;
  std::deque<Dated> answered_;  // finished entries, oldest first
  int64_t answer_bytes_ = 0;
  std::deque<Dated> marked_;  // marks in the store, oldest first
};

}  // namespace weir::iceberg
