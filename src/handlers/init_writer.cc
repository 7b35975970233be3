// INIT_WRITER: a number for an idempotent writer that no other writer ever had.
// Source: Fluss 545c5539 TabletService.initWriter
#include <algorithm>

#include "handlers/catalog_requests.h"

namespace weir {

namespace {

/// Permission to write to any one of the named tables is enough.
Status AuthorizeAny(const RequestContext& context, const pb::InitWriterRequest& request) {
  const auto may_write = [&](const pb::PbTablePath& path) {
    return context.Authorize(Operation::kWrite, TableResource(ToTablePath(path))).ok();
  };
  if (context.allows_everything() || std::ranges::any_of(request.table_path(), may_write))
    return {};
  return Fail(ErrorCode::kAuthorization, "no permission to write to any of the named tables");
}

}  // namespace

Task<Result<pb::InitWriterResponse>> InitWriter(RequestContext& context,
                                                const pb::InitWriterRequest& request) {
  CO_RETURN_IF_ERROR(AuthorizeAny(context, request));
  CO_ASSIGN_OR_RETURN(const int64_t id, co_await ChangeCatalog(context, [](Catalog& catalog) {
                        return catalog.NewWriterId();
                      }));
  pb::InitWriterResponse response;
  response.set_writer_id(id);
  co_return response;
}

}  // namespace weir
