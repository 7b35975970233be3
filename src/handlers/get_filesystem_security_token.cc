// GET_FILESYSTEM_SECURITY_TOKEN: every scanner asks before it touches remote files. Ours are local
// files, which need no token. Source: Fluss 545c5539 RpcServiceBase.getFileSystemSecurityToken,
// LocalFileSystem
#include "handlers/handlers.h"

namespace weir {

Result<pb::GetFileSystemSecurityTokenResponse> GetFileSystemSecurityToken(
    RequestContext&, const pb::GetFileSystemSecurityTokenRequest&) {
  pb::GetFileSystemSecurityTokenResponse response;
  response.set_schema("file");
  response.set_token("");
  return response;
}

}  // namespace weir
