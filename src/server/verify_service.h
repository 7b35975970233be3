// `weir verify` on the side of whoever has the data: tables by name, checked against this server's logs and states.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tiering/verify.h"

namespace weir {

class Catalog;
class LakeService;
class Tablets;

class VerifyService {
 public:
  /// Everything by reference must outlive it.
  VerifyService(Catalog& catalog, LakeService& lake, Tablets& tablets);

  /// Check "database.table" and return the report as JSON. Blocks as long as reading the whole table takes.
  /// Errors  kInvalidTable, kTableNotExist, kLakeStorageNotConfigured; those of VerifyTable
  Result<std::string> Run(const std::string& table);

 private:
  Catalog& catalog_;
  LakeService& lake_;
  const std::unique_ptr<BucketLogs> logs_;
  const std::unique_ptr<KvStates> states_;
};

}  // namespace weir
