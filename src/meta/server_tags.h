// Marks on servers for rebalancing; kept and shown, without effect on a single node.
// Source: Fluss 545c5539 AddServerTagEvent, RemoveServerTagEvent.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"

namespace weir {

class Store;

enum class ServerTag : int32_t {
  kPermanentOffline = 0,
  kTemporaryOffline = 1
};  // the protocol's numbers

class ServerTags {
 public:
  /// Tags in `store`, which must outlive this.
  explicit ServerTags(Store& store);
  Status Load();

  /// All or nothing.
  /// server_id  the only server there is
  /// Errors  kServerNotExist;  kServerTagAlreadyExist  one has another tag
  Status Add(const std::vector<int32_t>& servers, ServerTag tag, int32_t server_id);
  /// Servers without a tag are fine.
  /// Errors  kServerTagNotExist  one has another tag
  Status Remove(const std::vector<int32_t>& servers, ServerTag tag);
  std::optional<ServerTag> Find(int32_t server) const;

 private:
  Store& store_;
  mutable std::mutex mutex_;
  std::map<int32_t, ServerTag> tags_;
};

}  // namespace weir
