// kHandler<&F> makes a row's handler of an ordinary function; it decodes, authorizes, calls F and
// encodes. F is one of
//   Task<Result<pb::XResponse>> X(RequestContext& context, const pb::XRequest& request);
//   Result<pb::XResponse>       X(RequestContext& context, const pb::XRequest& request);   // must
//   not block Task<Result<Pieces>>        X(RequestContext& context, SharedBytes body);   // hot:
//   decodes and authorizes itself
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>

#include <string>
#include <type_traits>

#include "rpc/api.h"

namespace weir {
namespace handler_detail {

template <class M>
concept NamesTablePath = requires(const M& m) { m.table_path().database_name(); };
template <class M>
concept NamesTableId = requires(const M& m) {
  { m.table_id() } -> std::same_as<int64_t>;
};
template <class M>
concept NamesDatabase = requires(const M& m) {
  { m.database_name() } -> std::same_as<const std::string&>;
};

inline constexpr int64_t kDecodedBodyBytesMax = 16 * MiB;

template <class R>
constexpr bool kIsTask = false;
template <class R>
constexpr bool kIsTask<Task<R>> = true;

/// Ask for what the row needs, about what the request names.
template <class Request>
Status AuthorizeRequest(const RequestContext& context, const Request& request) {
  const Needs needs = context.api().needs;
  if (needs.scope == Scope::kHandshake || needs.scope == Scope::kEach) return {};
  if (needs.scope == Scope::kCluster) return context.Authorize(needs.operation, Resource{});
  if (context.allows_everything()) return {};
  if constexpr (NamesTablePath<Request>) {
    const auto& path = request.table_path();
    if (needs.scope == Scope::kDatabase) {
      return context.Authorize(needs.operation, {ResourceType::kDatabase, path.database_name()});
    }
    return context.Authorize(
        needs.operation, {ResourceType::kTable, path.database_name() + "." + path.table_name()});
  } else if constexpr (NamesTableId<Request>) {
    return context.AuthorizeTable(needs.operation, TableId{request.table_id()});
  } else if constexpr (NamesDatabase<Request>) {
    return context.Authorize(needs.operation, {ResourceType::kDatabase, request.database_name()});
  } else {
    return Fail(ErrorCode::kAuthorization, "the request does not name what it is about");
  }
}

template <class Request>
Status Parse(RequestContext& context, const SharedBytes& body, Request& request) {
  // Messages grow many times over when they are decoded; those with bulk in them are decoded by
  // hand.
  if (static_cast<int64_t>(body.size()) > kDecodedBodyBytesMax) {
    return Fail(ErrorCode::kRecordTooLarge, "the body is too large for a {}: bytes={} max={}",
                request.GetTypeName(), body.size(), kDecodedBodyBytesMax);
  }
  if (request.ParseFromArray(body.data(), static_cast<int>(body.size()))) return {};
  context.CloseAfterAnswer();  // whoever sends what is not a request may be out of step with the
                               // stream
  return Fail(ErrorCode::kCorruptMessage, "the body is not a {}: bytes={}", request.GetTypeName(),
              body.size());
}

template <class Response>
Pieces Encode(const Response& response) {
  const size_t bytes = response.ByteSizeLong();
  std::string out(kReplyHeaderBytes + bytes, '\0');
  response.SerializeToArray(out.data() + kReplyHeaderBytes, static_cast<int>(bytes));
  return Pieces(std::move(out));
}

template <auto F, class R, class Request>
Task<Result<Pieces>> Run(RequestContext& context, SharedBytes body) {
  google::protobuf::Arena arena;
  auto& request = *google::protobuf::Arena::CreateMessage<Request>(&arena);
  CO_RETURN_IF_ERROR(Parse(context, body, request));
  CO_RETURN_IF_ERROR(AuthorizeRequest(context, request));
  if constexpr (kIsTask<R>) {
    CO_ASSIGN_OR_RETURN(const auto response, co_await F(context, request));
    co_return Encode(response);
  } else {
    CO_ASSIGN_OR_RETURN(const auto response, F(context, request));
    co_return Encode(response);
  }
}

template <auto F, class R, class Request>
constexpr Handler Make(R (*)(RequestContext&, const Request&)) {
  return {.run = &Run<F, R, Request>,
          .names_database = NamesDatabase<Request> || NamesTablePath<Request>,
          .names_table = NamesTablePath<Request> || NamesTableId<Request>};
}
template <auto F>
constexpr Handler Make(HandlerFunction) {
  return {.run = F, .authorizes_itself = true};
}

}  // namespace handler_detail

template <auto F>
inline constexpr Handler kHandler = handler_detail::Make<F>(F);

}  // namespace weir
