#include "record/aligned_row.h"

#include "record/binary_slot.h"

namespace weir {
namespace {

constexpr size_t kHeaderBits = 8;  // the row kind
constexpr size_t kSlotBytes = 8;

size_t NullBytes(size_t columns) { return (columns + 63 + kHeaderBits) / 64 * 8; }

}  // namespace

Status DecodeAlignedRow(BytesView row, std::span<const FieldPlan> plans, std::span<Value> out) {
  const size_t slots_at = NullBytes(plans.size());
  if (row.size() < slots_at + plans.size() * kSlotBytes) {
    return Fail(ErrorCode::kCorruptRecord,
                "aligned row is shorter than its slots: bytes={} columns={}", row.size(),
                plans.size());
  }
  uint64_t claimed = 0;
  for (size_t i = 0; i < plans.size(); ++i) {
    if (TestBit(row.data(), i + kHeaderBits)) {
      out[i] = Value::Null();
      continue;
    }
    const size_t at = slots_at + i * kSlotBytes;
    claimed += ClaimedBytes(row.data() + at, plans[i].code);
    ASSIGN_OR_RETURN(out[i], ReadSlot(row, at, plans[i], RowFormat::kAligned));
  }
  if (claimed > row.size()) {
    return Fail(ErrorCode::kCorruptRecord, "aligned row's fields overlap: bytes={} claimed={}",
                row.size(), claimed);
  }
  return {};
}

Status EncodeAlignedRow(std::span<const Value> row, std::span<const FieldPlan> plans,
                        std::string& out) {
  const size_t start = out.size();
  const size_t slots_at = NullBytes(plans.size());
  out.resize(start + slots_at + plans.size() * kSlotBytes);
  for (size_t i = 0; i < plans.size(); ++i) {
    if (row[i].is_null()) {
      SetBit(out.data() + start, i + kHeaderBits);
      continue;
    }
    RETURN_IF_ERROR(
        WriteSlot(out, start, slots_at + i * kSlotBytes, plans[i], row[i], RowFormat::kAligned));
  }
  return {};
}

}  // namespace weir
