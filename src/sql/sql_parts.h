// What statements work with, given to an engine once. Everything outlives the engine's statements.
#pragma once

#include "sql/engine.h"

namespace weir {

class Catalog;
class SqlBuckets;
class SqlWriterIds;

struct SqlParts {
  Catalog& catalog;
  SqlBuckets& buckets;
  SqlWriterIds& writers;
  LakeTiering tiering = LakeTiering::kOff;
};

}  // namespace weir
