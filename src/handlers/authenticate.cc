// AUTHENTICATE: prove who is on the other side of the connection (SASL/PLAIN). Accepted at any time.
// The reply carries no challenge: fluss-rs answers every challenge, even an empty one, with another round.
#include "handlers/handlers.h"
#include "rpc/session.h"

namespace weir {

Result<pb::AuthenticateResponse> Authenticate(RequestContext& context, const pb::AuthenticateRequest& request) {
  const Authenticator& authenticator = context.session().server().parts().authenticator;
  if (!authenticator.required()) return pb::AuthenticateResponse();
  ASSIGN_OR_RETURN(Principal principal, authenticator.Authenticate(request.protocol(), request.token()));
  context.session().SetPrincipal(std::move(principal));
  return pb::AuthenticateResponse();
}

}  // namespace weir
