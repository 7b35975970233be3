// One row of the API table: a request that exists in the protocol, whether we serve it, and what it
// needs. Dispatch (rpc/dispatch.cc), ApiVersions, docs/generated/apis.md and the authorization
// tests read the rows.
#pragma once

#include <string_view>

#include "async/task.h"
#include "base/bytes.h"
#include "base/result.h"
#include "net/pieces.h"
#include "rpc/authorization.h"
#include "rpc/request_context.h"
#include "wire/api_keys.h"

namespace weir {

/// Who may call: anybody before authentication, clients, or only servers of the cluster (and the
/// tiering job).
enum class Access : int8_t { kPublic, kClient, kPrivate };

/// Answer one request: body in, reply out. The body is a slice of the received frame and keeps it
/// alive. The reply begins with kReplyHeaderBytes of room (see StartReply), which dispatch fills.
using HandlerFunction = Task<Result<Pieces>> (*)(RequestContext& context, SharedBytes body);

/// A reply with room for its header; the body is appended.
inline Pieces StartReply(size_t reserve_bytes = 0) {
  std::string head;
  head.reserve(kReplyHeaderBytes + reserve_bytes);
  head.resize(kReplyHeaderBytes);
  return Pieces(std::move(head));
}

struct Handler {
  HandlerFunction run = nullptr;   // null: not served yet
  bool names_database = false;     // the request says which database ...
  bool names_table = false;        // ... or which table it is about
  bool authorizes_itself = false;  // decoded by hand: calls context.Authorize before it works
};

/// Known, not advertised, answered UNSUPPORTED_VERSION.
inline constexpr Handler kNotYet{};

struct Api {
  ApiKey key;
  int16_t version_min;
  int16_t version_max;
  Access access;
  Needs needs;
  std::string_view name;
  Handler handler;

  constexpr bool served() const { return handler.run != nullptr; }

  /// Whether dispatch or the handler can find what `needs` is about.
  constexpr bool authorizable() const {
    if (!served() || handler.authorizes_itself) return true;
    if (needs.scope == Scope::kDatabase) return handler.names_database;
    if (needs.scope == Scope::kTable) return handler.names_table;
    if (needs.scope == Scope::kHandshake) return access == Access::kPublic;
    return true;
  }
};

}  // namespace weir
