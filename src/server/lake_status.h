// What GET /v1/lake and `weir lake status` show: each table's tiering, and the external catalog when there is one.
// Format: docs/formats/lake_status.md.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "remote/rest_client.h"
#include "tiering/tiering_status.h"

namespace weir {

std::string LakeStatusJson(std::span<const TieringStatus> tables,
                           const std::optional<iceberg::RemoteState>& external);

}  // namespace weir
