// The slots of aligned rows and binary arrays: a fixed-size cell per field, holding the value
// itself or (offset << 32 | length) of bytes further back. Internal to record/. Bytes:
// docs/formats/rows.md. Java: org.apache.fluss.row.AbstractBinaryWriter, BinarySegmentUtils.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/field_code.h"
#include "record/value.h"

namespace weir {

/// Bytes up to this long sit inside the slot.
inline constexpr size_t kInlineBytesMax = 7;

constexpr size_t RoundUp8(size_t bytes) { return (bytes + 7) / 8 * 8; }

/// Bytes behind the slots that the slot at `at` (8 bytes, inside `whole`) claims; 0 for inline
/// ones. Honest writers never share them, so their sum stays below the size of the whole.
uint64_t ClaimedBytes(const char* slot, FieldCode code);

/// Read the slot at `at`, which lies inside `whole`; offsets count from the start of `whole`.
/// Errors  kCorruptRecord  the bytes it points to are not inside `whole`
Result<Value> ReadSlot(BytesView whole, size_t at, const FieldPlan& plan, RowFormat nested_format);

/// Fill the slot at out[start + at]; what does not fit there is appended to `out`, padded to 8
/// bytes. Errors  kCorruptRecord  the Value does not fit the plan;  kRecordTooLarge  offsets would
/// pass 2 GiB
Status WriteSlot(std::string& out, size_t start, size_t at, const FieldPlan& plan,
                 const Value& value, RowFormat nested_format);

}  // namespace weir
