// AUTHENTICATE: prove who is on the other side of the connection (SASL/PLAIN). Accepted at any
// time. The reply carries no challenge: fluss-rs answers every challenge, even an empty one, with
// another round. A wrong password is answered late and ends the connection, and nothing more is
// looked at that a client sent behind it, so that guessing is slow.
#include "handlers/handlers.h"
#include "rpc/session.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kWrongPasswordDelay{250};

}  // namespace

Task<Result<pb::AuthenticateResponse>> Authenticate(RequestContext& context,
                                                    const pb::AuthenticateRequest& request) {
  const Authenticator& authenticator = context.session().server().parts().authenticator;
  if (!authenticator.required()) co_return pb::AuthenticateResponse();
  RpcSession& session = context.session();
  Result<Principal> principal =
      session.refused() ? Fail(ErrorCode::kAuthenticate, "an earlier attempt failed")
                        : authenticator.Authenticate(request.protocol(), request.token());
  if (!principal.ok()) {
    session.server().refusals().Note(context.peer(), context.api().name, principal.error().message);
    session.Refuse();  // before the delay: other attempts may be in the queue
    context.CloseAfterAnswer();
    const auto never = std::make_shared<Completion>(context.shard());
    const auto ends_early = context.NotifyWhenEnding(never);
    co_await Completion::Wait(never, kWrongPasswordDelay);
    co_return Forward(std::move(principal));
  }
  session.SetPrincipal(std::move(*principal));
  co_return pb::AuthenticateResponse();
}

}  // namespace weir
