#include "catalog/idempotency_keys.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "meta/store.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kMarks = "lake/rest/idempotency/";
constexpr int64_t kAnswerBytesMax = 32 * MiB;

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

std::string DigestOf(const RestRequest& request) {
  const std::string all =
      fmt::format("{} {}?{}\n{}", request.method, request.path, request.query, request.body);
  return fmt::format("{:08x}-{}", Crc32c(all), all.size());
}

}  // namespace

IdempotencyKeys::IdempotencyKeys(Store& store, std::chrono::milliseconds lifetime,
                                 const Clock& clock)
    : store_(store), lifetime_(lifetime), clock_(clock) {
  LoadMarks();
}

/// A mark is "<milliseconds> <digest>" under its key.
void IdempotencyKeys::LoadMarks() {
  for (const auto& [name, value] : store_.Scan(kMarks)) {
    int64_t at_ms = 0;
    std::from_chars(value.data(), value.data() + value.size(), at_ms);
    marked_.push_back({at_ms, name.substr(kMarks.size())});
  }
  std::ranges::sort(marked_, {}, &Dated::at_ms);
}

/// The digest of the request that committed under this key. The store knows, whatever became of the answer.
std::optional<std::string> IdempotencyKeys::MarkOf(const std::string& key) const {
  const auto value = store_.Get(std::string(kMarks) + key);
  if (!value) return std::nullopt;
  return value->substr(std::min(value->find(' '), value->size() - 1) + 1);
}

RestResult<IdempotencyKeys::Past> IdempotencyKeys::Begin(const RestRequest& request) {
  const std::string& key = request.headers.idempotency_key;
  if (!IsUuid(key))
    return Refuse(RestErrorKind::kBadRequest, "an Idempotency-Key is a UUID: value={:.60}", key);
  const std::string digest = DigestOf(request);
  const auto other = [&] {
    return Refuse(RestErrorKind::kUnprocessable, "the Idempotency-Key belongs to another request");
  };
  std::unique_lock lock(mutex_);
  ForgetOld();
  while (true) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) break;
    if (found->second.digest != digest) return other();
    if (!found->second.running) return Past{.answer = found->second.response};
    finished_.wait(lock);
  }
  const auto mark = MarkOf(key);
  if (mark && *mark != digest) return other();
  entries_[key].digest = digest;
  return Past{.answer = std::nullopt, .committed = mark.has_value()};
}

void IdempotencyKeys::Finish(const RestRequest& request, const RestResponse& response) {
  if (response.status >= 500) return Abandon(request);
  const std::string& key = request.headers.idempotency_key;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[key];
  entry.response = response;
  answered_.push_back({clock_.NowMs(), key});
  answer_bytes_ += static_cast<int64_t>(response.body.size());
  entry.running = false;
  finished_.notify_all();
}

void IdempotencyKeys::Abandon(const RestRequest& request) {
  const std::lock_guard lock(mutex_);
  entries_.erase(request.headers.idempotency_key);
  finished_.notify_all();
}

void IdempotencyKeys::ForgetOld() {
  const int64_t too_old = clock_.NowMs() - lifetime_.count();
  while (!answered_.empty() &&
         (answered_.front().at_ms < too_old || answer_bytes_ > kAnswerBytesMax)) {
    const auto entry = entries_.find(answered_.front().key);
    answer_bytes_ -= static_cast<int64_t>(entry->second.response.body.size());
    entries_.erase(entry);
    answered_.pop_front();
  }
}

void IdempotencyKeys::Mark(const RestRequest& request, Transaction& transaction) {
  const std::string& key = request.headers.idempotency_key;
  const int64_t now = clock_.NowMs();
  const std::lock_guard lock(mutex_);
  while (!marked_.empty() && marked_.front().at_ms < now - lifetime_.count()) {
    transaction.Delete(std::string(kMarks) + marked_.front().key);
    marked_.pop_front();
  }
  transaction.Put(std::string(kMarks) + key, fmt::format("{} {}", now, DigestOf(request)));
  marked_.push_back({now, key});
}

}  // namespace weir::iceberg
