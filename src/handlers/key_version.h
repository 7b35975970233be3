// Clients that speak version 0 of PUT_KV, LOOKUP and PREFIX_LOOKUP encode keys as the lake does,
// also where the table wants the compacted form: their keys would name other rows. Source: Fluss
// 545c5539 ReplicaManager validateClientVersionForPkTable.
#pragma once

#include "base/result.h"
#include "meta/table_info.h"

namespace weir {

/// Errors  kUnsupportedVersion  a client of `version` encodes this table's keys differently
inline Status CheckKeyVersion(const TableInfo& table, int16_t version) {
  if (version > 0 || !table.config.lake_format || table.config.kv_format_version != 2 ||
      table.descriptor.bucket_keys == table.PhysicalPrimaryKey()) {
    return {};
  }
  return Fail(ErrorCode::kUnsupportedVersion,
              "keys of this table need a newer client: table={} version={}", table.path.ToString(),
              version);
}

}  // namespace weir
