// Is this text? Strings are checked where rows enter, so that nobody behind has to (INV-7).
#pragma once

#include "base/bytes.h"

namespace weir {

/// True for well-formed UTF-8: no overlong forms, surrogates or values beyond U+10FFFF.
bool IsUtf8(BytesView text);

}  // namespace weir
