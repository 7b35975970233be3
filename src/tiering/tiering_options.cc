#include "tiering/tiering_options.h"

namespace weir {

Result<TieringMode> ParseTieringMode(std::string_view text) {
  if (text == "internal") return TieringMode::kInternal;
  if (text == "external") return TieringMode::kExternal;
  if (text == "off") return TieringMode::kOff;
  return Fail(ErrorCode::kInvalidConfig, "'lake.tiering' is internal, external or off: {}", text);
}

}  // namespace weir
