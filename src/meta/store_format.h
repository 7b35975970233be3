// The meta store's file as bytes. docs/formats/meta_store.md draws it and gives an example.
// One file is a header and a row of transactions; integers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"

namespace weir {

/// Everything starts at a multiple of this: what one write adds never shares a sector with what is
/// already safe, and a header arrives whole or not at all. Gaps are zeros and mean nothing.
inline constexpr size_t kMetaSectorBytes = 512;
constexpr size_t UpToMetaSector(size_t bytes) {
  return (bytes + kMetaSectorBytes - 1) / kMetaSectorBytes * kMetaSectorBytes;
}

/// First bytes of a file.
struct MetaFileHeader {
  char magic[8];              //  0  "WEIRMETA"
  Le<uint32_t> version;       //  8  kMetaFormatVersion
  Le<uint32_t> flags;         // 12  0
  Le<uint64_t> first_number;  // 16  number of the first transaction in this file
  Le<uint32_t> reserved;      // 24  0
  Le<uint32_t> crc;           // 28  CRC-32C of bytes 0..27
};
static_assert(sizeof(MetaFileHeader) == 32);
static_assert(offsetof(MetaFileHeader, first_number) == 16);

inline constexpr char kMetaMagic[8] = {'W', 'E', 'I', 'R', 'M', 'E', 'T', 'A'};
inline constexpr uint32_t kMetaFormatVersion = 1;

/// In front of each transaction's payload (transactions committed at the same moment share one);
/// the payload is followed by kTransactionEnd, which has no zero byte.
struct TransactionHeader {
  Le<uint32_t> marker;       //  0  kTransactionMarker
  Le<uint32_t> bytes;        //  4  of the payload
  Le<uint64_t> number;       //  8  one more than the transaction before
  Le<uint32_t> payload_crc;  // 16  CRC-32C of the payload
  Le<uint32_t> header_crc;   // 20  CRC-32C of bytes 0..19
};
static_assert(sizeof(TransactionHeader) == 24);
static_assert(offsetof(TransactionHeader, header_crc) == 20);

inline constexpr uint32_t kTransactionMarker = 0x5458'4D57;  // "WMXT"
inline constexpr uint32_t kTransactionEnd = 0xE0DD'4D57;
inline constexpr uint32_t kTransactionBytesMax = 64 << 20;

/// Within a payload: kind, key length, key and, for a put, value length and value; lengths are u32.
enum class MetaOpKind : uint8_t { kPut = 1, kDelete = 2 };

struct MetaOp {
  MetaOpKind kind;
  BytesView key;
  BytesView value;  // puts only
};

/// One sector.
std::string EncodeMetaFileHeader(uint64_t first_number);
/// Append a whole transaction to `out`, up to the next sector.
void EncodeTransaction(uint64_t number, BytesView payload, std::string& out);
void EncodeMetaOp(MetaOpKind kind, BytesView key, BytesView value, std::string& payload);

/// What one look at the bytes of a file found. Pure; safe on hostile bytes (INV-7).
struct MetaFileContents {
  enum class End : uint8_t {
    kClean,    // the last transaction ends where the file ends
    kTorn,     // a transaction was being written when the machine stopped: nothing of it was
               // acknowledged
    kCorrupt,  // a transaction is damaged that had been written whole
    kForeign,  // not a meta file, or its header is damaged
    kTooNew,   // a later format version
  };
  End end = End::kClean;
  uint64_t first_number = 0;
  uint64_t next_number = 0;
  size_t good_bytes = 0;    // up to the sector after the last good transaction
  std::vector<MetaOp> ops;  // of all good transactions, in order; point into the bytes
};

MetaFileContents ReadMetaFile(BytesView bytes);

}  // namespace weir
