// How the tiering of a table is doing: what `weir lake status` and GET /v1/lake show.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/ids.h"
#include "meta/table_path.h"
#include "tiering/tiering_schedule.h"

namespace weir {

struct TieringStatus {
  TableId table;
  TablePath path;
  TieringState state = TieringState::kScheduled;
  int64_t freshness_ms = 0;
  int64_t rounds = 0;             // that committed, since the start
  int64_t failures = 0;           // in a row
  std::string error;              // of the last round, if it failed
  std::string maintenance_error;  // of the last look of maintenance, if it failed
  int64_t last_ms = 0;  // when the last round that committed ended; 0: none since the start
  int64_t last_duration_ms = 0;
  int64_t last_rows = 0;
  int64_t rows = 0;  // since the start
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t behind_rows = 0;  // when the last round ended, or now
  int64_t behind_ms = 0;    // age of the oldest of them, about; 0: none
  std::optional<int64_t> snapshot_id;
};

/// Whether the failure number `failures` in a row is worth a line in the log: the first, and ever fewer of the rest.
constexpr bool IsWorthALine(int64_t failures) { return (failures & (failures - 1)) == 0; }

/// {"tables":[{"table":"db.t","state":"scheduled",…}]}; the keys are in docs/formats/lake_status.md.
boost::json::object ToJson(std::span<const TieringStatus> statuses);

}  // namespace weir
