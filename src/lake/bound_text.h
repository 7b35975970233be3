// Bounds of long strings and binaries, cut so that manifests stay small and still hold true.
// Source: Iceberg specification, "Manifests" (bounds need not be exact), table property write.metadata.metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::iceberg {

/// The first `length` code points of UTF-8 text: a lower bound.
std::string TruncateText(std::string_view text, int32_t length);
/// The shortest text of at most `length` code points that is not below `text`; nothing when there is none.
std::optional<std::string> TruncateTextUp(std::string_view text, int32_t length);

/// The same for bytes.
std::string TruncateBinary(std::string_view bytes, int32_t length);
std::optional<std::string> TruncateBinaryUp(std::string_view bytes, int32_t length);

}  // namespace weir::iceberg
