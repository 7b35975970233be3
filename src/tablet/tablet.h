// A bucket as its shard sees it: the log, for primary-key tables the key-value state over it, and the table it
// belongs to. Single-threaded; reached through Tablets::Run only.
#pragma once

#include <cstdint>
#include <memory>

#include "base/ids.h"
#include "meta/table_info.h"
#include "tablet/log_tablet.h"

namespace weir {

class KvTablet;

struct Tablet {
  TableBucket bucket;
  std::shared_ptr<const TableInfo> table;
  std::shared_ptr<LogTablet> log;
  std::shared_ptr<KvTablet> kv;  // null for log tables
  int64_t used_ms = 0;           // when Run last touched it
};

}  // namespace weir
