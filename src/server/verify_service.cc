#include "server/verify_service.h"

#include "cli/connect_options.h"
#include "io/file.h"
#include "meta/catalog.h"
#include "server/lake_service.h"

namespace weir {

VerifyService::VerifyService(Catalog& catalog, LakeService& lake, Tablets& tablets)
    : catalog_(catalog),
      lake_(lake),
      logs_(MakeTabletLogs(tablets, RealFileSystem())),
      states_(MakeTabletKvStates(tablets)) {}

Result<std::string> VerifyService::Run(const std::string& table) {
  ASSIGN_OR_RETURN(const TablePath path, ParseTablePath(table));
  ASSIGN_OR_RETURN(const TableRef info, catalog_.GetTable(path));
  ASSIGN_OR_RETURN(const VerifyReport report, VerifyTable({.table = info,
                                                           .catalog = &lake_.tables(),
                                                           .snapshots = &catalog_.lake_snapshots(),
                                                           .store = &catalog_.store(),
                                                           .logs = logs_.get(),
                                                           .states = states_.get()}));
  return ToJsonText(report, path.ToString());
}

}  // namespace weir
