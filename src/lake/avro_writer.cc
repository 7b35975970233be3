#include "lake/avro_writer.h"

#include <random>

#include "base/endian.h"
#include "base/varint.h"

namespace weir::iceberg {
namespace {

/// As Java's writer.
constexpr size_t kBlockBytes = 64'000;
constexpr size_t kSyncBytes = 16;

std::string RandomMark() {
  std::random_device random;
  std::string mark;
  while (mark.size() < kSyncBytes) AppendLe<uint32_t>(mark, random());
  return mark;
}

}  // namespace

void AvroEncoder::Long(int64_t value) {
  AppendVarint64(out_, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void AvroEncoder::Float(float value) { AppendLe(out_, value); }

void AvroEncoder::Double(double value) { AppendLe(out_, value); }

void AvroEncoder::String(BytesView bytes) {
  Long(static_cast<int64_t>(bytes.size()));
  out_ += bytes;
}

AvroWriter::AvroWriter(std::string_view schema, const std::map<std::string, std::string>& metadata,
                       AvroCodec codec)
    : codec_(codec), sync_(RandomMark()) {
  AvroEncoder header;
  header.Fixed(std::string_view("Obj\x01", 4));
  header.BeginItems(metadata.size() + 2);
  header.String("avro.schema");
  header.String(schema);
  header.String("avro.codec");
  header.String(Name(codec));
  for (const auto& [key, value] : metadata) {
    header.String(key);
    header.String(value);
  }
  header.EndItems();
  header.Fixed(sync_);
  out_ = header.bytes();
}

void AvroWriter::EndRecord() {
  raw_bytes_ += record_.bytes().size();
  block_ += record_.bytes();
  record_.Clear();
  ++block_records_;
  if (block_.size() >= kBlockBytes) EndBlock();
}

void AvroWriter::EndBlock() {
  AvroEncoder head;
  const std::string packed = AvroCompress(codec_, block_);
  head.Long(block_records_);
  head.String(packed);
  head.Fixed(sync_);
  out_ += head.bytes();
  block_.clear();
  block_records_ = 0;
}

std::string AvroWriter::Finish() && {
  if (block_records_ > 0) EndBlock();
  return std::move(out_);
}

}  // namespace weir::iceberg
