// Is this text? Strings are checked where rows enter, so that nobody behind has to (INV-7).
#pragma once

#include <string>

#include "base/bytes.h"

namespace weir {

/// True for well-formed UTF-8: no overlong forms, surrogates or values beyond U+10FFFF.
bool IsUtf8(BytesView text);

/// `text` for a message to somebody who wants UTF-8: as it is, or with '?' for every byte that is not ASCII.
std::string ToUtf8(std::string text);

}  // namespace weir
