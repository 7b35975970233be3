#include "meta/store_format.h"

#include <algorithm>
#include <cstring>

#include "base/byte_reader.h"
#include "base/crc32c.h"

namespace weir {

namespace {

constexpr size_t kSectorBytes = 512;

uint32_t TransactionCrc(BytesView header, BytesView payload) {
  const BytesView covered = header.substr(offsetof(TransactionHeader, bytes), sizeof(uint32_t) + sizeof(uint64_t));
  return ExtendCrc32c(Crc32c(covered), payload);
}

bool ParseOps(BytesView payload, std::vector<MetaOp>& ops) {
  ByteReader in(payload);
  while (in.ok() && in.remaining() > 0) {
    MetaOp op{.kind = static_cast<MetaOpKind>(in.Le<uint8_t>())};
    op.key = in.Bytes(in.Le<uint32_t>());
    if (op.kind == MetaOpKind::kPut) op.value = in.Bytes(in.Le<uint32_t>());
    if (op.kind != MetaOpKind::kPut && op.kind != MetaOpKind::kDelete) return false;
    if (in.ok()) ops.push_back(op);
  }
  return in.ok();
}

/// The whole transaction at the start of `bytes`, or 0 when there is none.
size_t WholeTransaction(BytesView bytes, uint64_t number, std::vector<MetaOp>& ops) {
  if (bytes.size() < kTransactionOverhead) return 0;
  TransactionHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.marker != kTransactionMarker || header.bytes > kTransactionBytesMax || header.number != number) return 0;
  const size_t total = kTransactionOverhead + header.bytes;
  if (bytes.size() < total) return 0;
  const BytesView payload = bytes.substr(sizeof(header), header.bytes);
  if (LoadLe<uint32_t>(bytes.data() + total - sizeof(uint32_t)) != kTransactionEnd) return 0;
  if (TransactionCrc(bytes, payload) != header.crc) return 0;
  const size_t ops_before = ops.size();
  if (ParseOps(payload, ops)) return total;
  ops.resize(ops_before);
  return 0;
}

bool AllZero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

/// Whether any later transaction is whole: then what lies before it was once whole too.
bool HasLaterTransaction(BytesView bytes, uint64_t number) {
  char marker[sizeof(uint32_t)];
  StoreLe(marker, kTransactionMarker);
  std::vector<MetaOp> ignored;
  for (size_t at = bytes.find(BytesView(marker, sizeof(marker)), 1); at != BytesView::npos;
       at = bytes.find(BytesView(marker, sizeof(marker)), at + 1)) {
    if (bytes.size() - at < kTransactionOverhead) return false;
    const auto found = LoadLe<uint64_t>(bytes.data() + at + offsetof(TransactionHeader, number));
    if (found > number && WholeTransaction(bytes.substr(at), found, ignored) > 0) return true;
    ignored.clear();
  }
  return false;
}

/// Whether the bytes look like a write that did not finish: the file ends before the transaction does, or a
/// part of it never arrived and reads as zeros.
bool LooksUnfinished(BytesView bytes, size_t offset_in_file) {
  if (bytes.size() < kTransactionOverhead) return true;
  TransactionHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.marker == 0 && header.bytes == 0) return true;
  if (header.marker != kTransactionMarker || header.bytes > kTransactionBytesMax) return false;
  const size_t total = kTransactionOverhead + header.bytes;
  if (bytes.size() < total) return true;
  if (LoadLe<uint32_t>(bytes.data() + total - sizeof(uint32_t)) == 0) return true;
  const size_t skew = (kSectorBytes - offset_in_file % kSectorBytes) % kSectorBytes;
  for (size_t at = skew; at + kSectorBytes <= total; at += kSectorBytes) {
    if (AllZero(bytes.substr(at, kSectorBytes))) return true;
  }
  return false;
}

}  // namespace

std::string EncodeMetaFileHeader(uint64_t first_number) {
  MetaFileHeader header{};
  std::memcpy(header.magic, kMetaMagic, sizeof(kMetaMagic));
  header.version = kMetaFormatVersion;
  header.flags = 0;
  header.first_number = first_number;
  header.reserved = 0;
  header.crc = Crc32c(BytesView(reinterpret_cast<const char*>(&header), offsetof(MetaFileHeader, crc)));
  return {reinterpret_cast<const char*>(&header), sizeof(header)};
}

void EncodeTransaction(uint64_t number, BytesView payload, std::string& out) {
  TransactionHeader header{};
  header.marker = kTransactionMarker;
  header.bytes = static_cast<uint32_t>(payload.size());
  header.number = number;
  header.crc = TransactionCrc(BytesView(reinterpret_cast<const char*>(&header), sizeof(header)), payload);
  out.append(reinterpret_cast<const char*>(&header), sizeof(header));
  out.append(payload);
  AppendLe(out, kTransactionEnd);
}

void EncodeMetaOp(MetaOpKind kind, BytesView key, BytesView value, std::string& payload) {
  AppendLe(payload, static_cast<uint8_t>(kind));
  AppendLe(payload, static_cast<uint32_t>(key.size()));
  payload.append(key);
  if (kind != MetaOpKind::kPut) return;
  AppendLe(payload, static_cast<uint32_t>(value.size()));
  payload.append(value);
}

MetaFileContents ReadMetaFile(BytesView bytes) {
  using End = MetaFileContents::End;
  MetaFileContents out;
  MetaFileHeader header;
  if (bytes.size() < sizeof(header)) {
    out.end = End::kForeign;
    return out;
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  const bool ours = std::memcmp(header.magic, kMetaMagic, sizeof(kMetaMagic)) == 0;
  if (ours && header.version > kMetaFormatVersion) {
    out.end = End::kTooNew;
    return out;
  }
  if (!ours || header.version != kMetaFormatVersion || header.crc != Crc32c(bytes.substr(0, offsetof(MetaFileHeader, crc)))) {
    out.end = End::kForeign;
    return out;
  }
  out.first_number = header.first_number;
  out.next_number = header.first_number;
  out.good_bytes = sizeof(header);
  while (const size_t total = WholeTransaction(bytes.substr(out.good_bytes), out.next_number, out.ops)) {
    out.good_bytes += total;
    ++out.next_number;
  }
  const BytesView rest = bytes.substr(out.good_bytes);
  if (rest.empty()) return out;
  const bool torn = !HasLaterTransaction(rest, out.next_number) && LooksUnfinished(rest, out.good_bytes);
  out.end = torn ? End::kTorn : End::kCorrupt;
  return out;
}

}  // namespace weir
