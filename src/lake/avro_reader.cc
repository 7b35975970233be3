#include "lake/avro_reader.h"

#include <bit>

#include "base/byte_reader.h"
#include "base/utf8.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr size_t kSyncBytes = 16;
constexpr int64_t kHeaderEntriesMax = 1000;

Failure Damaged(std::string_view what) {
  return Fail(ErrorCode::kCorruptRecord, "avro file is damaged: {}", what);
}

int64_t ReadLong(ByteReader& in) {
  const auto raw = static_cast<uint64_t>(in.Varint64());
  return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
}

/// Arrays and maps come in blocks; a negative count is followed by the block's size in bytes.
int64_t ReadBlockCount(ByteReader& in) {
  const int64_t count = ReadLong(in);
  if (count >= 0) return count;
  (void)ReadLong(in);
  return count == INT64_MIN ? INT64_MAX : -count;
}

/// Decodes one block's records. The budget of values bounds memory for a record and time for a block, since types
/// of no bytes at all could repeat without end.
class ValueDecoder {
 public:
  ValueDecoder(BytesView block, const AvroLimits& limits)
      : in_(block), limits_(limits), block_budget_(kFreeValues + kValuesPerByte * block.size()) {}

  Result<AvroValue> Record(const AvroType& type) {
    record_budget_ = limits_.record_values_max;
    AvroValue value;
    Decode(type, value);
    if (!in_.ok()) return Damaged("a record ends early or is too large");
    return value;
  }
  size_t remaining() const { return in_.remaining(); }

 private:
  static constexpr size_t kFreeValues = 4096;
  static constexpr size_t kValuesPerByte = 16;

  bool Spend() {
    if (record_budget_ == 0 || block_budget_ == 0) {
      in_.Break();
      return false;
    }
    --record_budget_;
    --block_budget_;
    return in_.ok();
  }

  void Decode(const AvroType& type, AvroValue& to) {
    to.type = &type;
    if (!Spend()) return;
    switch (type.kind) {
      case AvroKind::kNull:
        return;
      case AvroKind::kBoolean:
        to.integer = in_.Le<uint8_t>() != 0;
        return;
      case AvroKind::kInt:
        to.integer = ReadLong(in_);
        if (to.integer != static_cast<int32_t>(to.integer)) in_.Break();
        return;
      case AvroKind::kLong:
        to.integer = ReadLong(in_);
        return;
      case AvroKind::kFloat:
        to.number = std::bit_cast<float>(in_.Le<uint32_t>());
        return;
      case AvroKind::kDouble:
        to.number = std::bit_cast<double>(in_.Le<uint64_t>());
        return;
      case AvroKind::kBytes:
        to.bytes = in_.Bytes(ReadLong(in_));
        return;
      case AvroKind::kString:
        to.bytes = in_.Bytes(ReadLong(in_));
        if (!IsUtf8(to.bytes)) in_.Break();
        return;
      case AvroKind::kFixed:
        to.bytes = in_.Bytes(type.fixed_bytes);
        return;
      case AvroKind::kEnum:
        to.integer = ReadLong(in_);
        if (to.integer < 0 || to.integer >= type.symbols) in_.Break();
        return;
      case AvroKind::kUnion:
        return Union(type, to);
      case AvroKind::kArray:
      case AvroKind::kMap:
        return Container(type, to);
      case AvroKind::kRecord:
        to.items.resize(type.fields.size());
        for (size_t i = 0; i < type.fields.size(); ++i) Decode(*type.fields[i].type, to.items[i]);
        return;
    }
  }

  void Union(const AvroType& type, AvroValue& to) {
    const int64_t branch = ReadLong(in_);
    if (branch < 0 || static_cast<size_t>(branch) >= type.parts.size()) return in_.Break();
    Decode(*type.parts[static_cast<size_t>(branch)], to);
  }

  void Container(const AvroType& type, AvroValue& to) {
    static const AvroType kKey{.kind = AvroKind::kString};
    for (int64_t count = ReadBlockCount(in_); in_.ok() && count > 0; count = ReadBlockCount(in_)) {
      for (int64_t i = 0; i < count && in_.ok(); ++i) {
        if (type.kind == AvroKind::kMap) Decode(kKey, to.items.emplace_back());
        Decode(*type.parts.front(), to.items.emplace_back());
      }
    }
  }

  ByteReader in_;
  const AvroLimits& limits_;
  size_t record_budget_ = 0;
  size_t block_budget_;
};

}  // namespace

Result<AvroReader> AvroReader::Open(BytesView bytes, std::span<const AvroFieldId> known,
                                    AvroLimits limits) {
  ByteReader in(bytes);
  if (in.Bytes(kMagic.size()) != kMagic) return Damaged("no container of version 1");
  AvroReader reader;
  reader.limits_ = limits;
  int64_t entries = 0;
  for (int64_t count = ReadBlockCount(in); in.ok() && count > 0; count = ReadBlockCount(in)) {
    if (count > kHeaderEntriesMax || (entries += count) > kHeaderEntriesMax) {
      return Damaged("the header has too many entries");
    }
    for (int64_t i = 0; i < count && in.ok(); ++i) {
      const BytesView key = in.Bytes(ReadLong(in));
      const BytesView value = in.Bytes(ReadLong(in));
      reader.metadata_[std::string(key)] = std::string(value);
    }
  }
  reader.sync_ = in.Bytes(kSyncBytes);
  if (!in.ok()) return Damaged("the header ends early");
  reader.blocks_ = in.rest();
  const auto schema = reader.Metadata("avro.schema");
  if (!schema) return Damaged("the header has no schema");
  ASSIGN_OR_RETURN(reader.type_, ParseAvroType(*schema, known));
  if (reader.type_->kind != AvroKind::kRecord) return Damaged("its schema is no record");
  ASSIGN_OR_RETURN(reader.codec_,
                   AvroCodecFromName(reader.Metadata("avro.codec").value_or("null")));
  return reader;
}

std::optional<std::string_view> AvroReader::Metadata(std::string_view key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) return std::nullopt;
  return found->second;
}

Status AvroReader::ForEach(const std::function<Status(const AvroValue& record)>& visit) const {
  ByteReader in(blocks_);
  while (in.remaining() > 0) {
    const int64_t count = ReadLong(in);
    const BytesView packed = in.Bytes(ReadLong(in));
    const BytesView sync = in.Bytes(kSyncBytes);
    if (!in.ok() || count < 0) return Damaged("a block ends early");
    if (sync != sync_) return Damaged("the mark after a block is wrong");
    ASSIGN_OR_RETURN(const std::string block,
                     AvroDecompress(codec_, packed, limits_.block_bytes_max));
    ValueDecoder decoder(block, limits_);
    for (int64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const AvroValue record, decoder.Record(*type_));
      RETURN_IF_ERROR(visit(record));
    }
    if (decoder.remaining() != 0) return Damaged("bytes are left over in a block");
  }
  return {};
}

}  // namespace weir::iceberg
