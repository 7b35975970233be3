#include "meta/store_format.h"

#include <algorithm>
#include <cstring>

#include "base/byte_reader.h"
#include "base/crc32c.h"

namespace weir {

namespace {

template <class T>
BytesView AsBytes(const T& layout, size_t bytes = sizeof(T)) {
  return {reinterpret_cast<const char*>(&layout), bytes};
}

/// The header at the start of `bytes`, when it is one.
bool ReadHeader(BytesView bytes, TransactionHeader& header) {
  if (bytes.size() < sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header.marker == kTransactionMarker && header.bytes <= kTransactionBytesMax &&
         header.header_crc == Crc32c(AsBytes(header, offsetof(TransactionHeader, header_crc)));
}

size_t UsedBytes(const TransactionHeader& header) {
  return sizeof(header) + header.bytes + sizeof(kTransactionEnd);
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

/// Bytes up to the sector after the whole transaction at the start of `bytes`, or 0 when there is
/// none.
size_t WholeTransaction(BytesView bytes, uint64_t number, std::vector<MetaOp>& ops) {
  TransactionHeader header;
  if (!ReadHeader(bytes, header) || header.number != number || bytes.size() < UsedBytes(header))
    return 0;
  const BytesView payload = bytes.substr(sizeof(header), header.bytes);
  if (LoadLe<uint32_t>(payload.data() + payload.size()) != kTransactionEnd) return 0;
  if (Crc32c(payload) != header.payload_crc) return 0;
  const size_t ops_before = ops.size();
  if (ParseOps(payload, ops)) return std::min(UpToMetaSector(UsedBytes(header)), bytes.size());
  ops.resize(ops_before);
  return 0;
}

bool AllZero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

/// Whether any later transaction is whole: then what lies before it was once whole too.
bool HasLaterTransaction(BytesView bytes, uint64_t number) {
  std::vector<MetaOp> ignored;
  for (size_t at = kMetaSectorBytes; at < bytes.size(); at += kMetaSectorBytes) {
    TransactionHeader header;
    if (!ReadHeader(bytes.substr(at), header) || header.number <= number) continue;
    if (WholeTransaction(bytes.substr(at), header.number, ignored) > 0) return true;
    ignored.clear();
  }
  return false;
}

/// Whether the bytes, which start at a sector and are no whole transaction, look like a write that
/// did not finish: the file ends before the transaction does, or a sector of it never arrived and
/// reads as zeros.
bool LooksUnfinished(BytesView bytes) {
  if (bytes.size() < sizeof(TransactionHeader) || AllZero(bytes.substr(0, kMetaSectorBytes)))
    return true;
  TransactionHeader header;
  if (!ReadHeader(bytes, header)) return false;
  const size_t used = UsedBytes(header);
  if (bytes.size() < used) return true;
  for (size_t at = 0; at < used; at += kMetaSectorBytes) {
    if (AllZero(bytes.substr(at, std::min(kMetaSectorBytes, used - at)))) return true;
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
  header.crc = Crc32c(AsBytes(header, offsetof(MetaFileHeader, crc)));
  std::string out(AsBytes(header));
  out.resize(kMetaSectorBytes);
  return out;
}

void EncodeTransaction(uint64_t number, BytesView payload, std::string& out) {
  TransactionHeader header{};
  header.marker = kTransactionMarker;
  header.bytes = static_cast<uint32_t>(payload.size());
  header.number = number;
  header.payload_crc = Crc32c(payload);
  header.header_crc = Crc32c(AsBytes(header, offsetof(TransactionHeader, header_crc)));
  const size_t before = out.size();
  out.append(AsBytes(header));
  out.append(payload);
  AppendLe(out, kTransactionEnd);
  out.resize(before + UpToMetaSector(out.size() - before));
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
  if (bytes.size() < kMetaSectorBytes) {
    out.end = End::kForeign;
    return out;
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  const bool ours = std::memcmp(header.magic, kMetaMagic, sizeof(kMetaMagic)) == 0;
  if (ours && header.version > kMetaFormatVersion) {
    out.end = End::kTooNew;
    return out;
  }
  if (!ours || header.version != kMetaFormatVersion ||
      header.crc != Crc32c(bytes.substr(0, offsetof(MetaFileHeader, crc)))) {
    out.end = End::kForeign;
    return out;
  }
  out.first_number = header.first_number;
  out.next_number = header.first_number;
  out.good_bytes = kMetaSectorBytes;
  while (const size_t total =
             WholeTransaction(bytes.substr(out.good_bytes), out.next_number, out.ops)) {
    out.good_bytes += total;
    ++out.next_number;
  }
  const BytesView rest = bytes.substr(out.good_bytes);
  if (rest.empty()) return out;
  const bool torn = !HasLaterTransaction(rest, out.next_number) && LooksUnfinished(rest);
  out.end = torn ? End::kTorn : End::kCorrupt;
  return out;
}

}  // namespace weir
