#include "meta/server_tags.h"

#include "meta/catalog_records.h"
#include "meta/store.h"

namespace weir {

namespace {

constexpr std::string_view kPrefix = "server-tag/";

std::string KeyOf(int32_t server) { return std::string(kPrefix) + std::to_string(server); }

}  // namespace

ServerTags::ServerTags(Store& store) : store_(store) {}

Status ServerTags::Load() {
  for (const auto& [key, value] : store_.Scan(kPrefix)) {
    ASSIGN_OR_RETURN(const int64_t server,
                     records::NumberFromRecord(std::string_view(key).substr(kPrefix.size())));
    ASSIGN_OR_RETURN(const int64_t tag, records::NumberFromRecord(value));
    tags_[static_cast<int32_t>(server)] = static_cast<ServerTag>(tag);
  }
  return {};
}

Status ServerTags::Add(const std::vector<int32_t>& servers, ServerTag tag, int32_t server_id) {
  const std::lock_guard lock(mutex_);
  Transaction transaction;
  for (const int32_t server : servers) {
    if (server != server_id)
      return Fail(ErrorCode::kServerNotExist, "there is no such server: id={}", server);
    const auto found = tags_.find(server);
    if (found != tags_.end() && found->second != tag) {
      return Fail(ErrorCode::kServerTagAlreadyExist,
                  "the server has another tag; remove it first: id={} tag={}", server,
                  static_cast<int32_t>(found->second));
    }
    transaction.Put(KeyOf(server), records::NumberToRecord(static_cast<int32_t>(tag)));
  }
  RETURN_IF_ERROR(store_.Commit(transaction));
  for (const int32_t server : servers) tags_[server] = tag;
  return {};
}

Status ServerTags::Remove(const std::vector<int32_t>& servers, ServerTag tag) {
  const std::lock_guard lock(mutex_);
  Transaction transaction;
  for (const int32_t server : servers) {
    const auto found = tags_.find(server);
    if (found != tags_.end() && found->second != tag) {
      return Fail(ErrorCode::kServerTagNotExist, "the server has another tag: id={} tag={}", server,
                  static_cast<int32_t>(found->second));
    }
    transaction.Delete(KeyOf(server));
  }
  RETURN_IF_ERROR(store_.Commit(transaction));
  for (const int32_t server : servers) tags_.erase(server);
  return {};
}

std::optional<ServerTag> ServerTags::Find(int32_t server) const {
  const std::lock_guard lock(mutex_);
  const auto found = tags_.find(server);
  return found == tags_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace weir
