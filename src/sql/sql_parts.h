// What statements work with, given to an engine once. Everything outlives the engine's statements.
#pragma once

#include "sql/engine.h"

namespace weir {

namespace iceberg {
class TableCatalog;
}
class Catalog;
class SqlBuckets;
class SqlWriterIds;

struct SqlParts {
  Catalog& catalog;
  SqlBuckets& buckets;
  SqlWriterIds& writers;
  LakeTiering tiering = LakeTiering::kOff;
  iceberg::TableCatalog* lake = nullptr;  // null: there is none
};

}  // namespace weir
