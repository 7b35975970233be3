// The bytes of a journal file: see docs/formats/journal.md. Little-endian.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"

namespace weir {

inline constexpr int64_t kJournalBlockBytes = 4 * KiB;       // records start and end on these
inline constexpr uint32_t kJournalRecordMagic = 0x314a5257;  // "WRJ1"

struct JournalRecordHeader {
  Le<uint32_t> magic;        //  0
  Le<uint32_t> crc;          //  4  CRC-32C of everything behind this field, up to `bytes`
  Le<uint32_t> bytes;        //  8  header and entries, without the padding to the next block
  Le<uint32_t> entry_count;  // 12
  Le<uint64_t> sequence;     // 16  counts records, over all files and restarts
  Le<uint64_t> released;     // 24  records up to this one are not needed any more
  Le<uint64_t> epoch;        // 32  counts starts of the server
};  // 40  entries follow
static_assert(sizeof(JournalRecordHeader) == 40);
static_assert(offsetof(JournalRecordHeader, bytes) == 8, "the CRC starts here");

struct JournalEntryHeader {
  Le<int64_t> table_id;          //  0
  Le<int64_t> partition_id;      //  8  -1: none
  Le<int32_t> bucket;            // 16
  Le<int64_t> base_offset;       // 20
  Le<int64_t> end_offset;        // 28
  Le<uint32_t> records_bytes;    // 36
  Le<uint16_t> directory_bytes;  // 40
};  // 42  directory, then log batches
static_assert(sizeof(JournalEntryHeader) == 42);

}  // namespace weir
