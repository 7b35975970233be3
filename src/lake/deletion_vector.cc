#include "lake/deletion_vector.h"

#include <arrow/io/interfaces.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lake/arrow_error.h"
#include "lake/file_io.h"
#include "lake/puffin.h"

namespace weir::iceberg {
namespace {

constexpr std::string_view kMagic = "\xD1\xD3\x39\x64";
constexpr size_t kLengthBytes = 4;
constexpr size_t kCrcBytes = 4;
/// More could not be unfolded anyway (RowPositions::Deserialize).
constexpr int64_t kBlobBytesMax = 256 * MiB;
/// Read at once; nearly every vector is smaller. What a manifest says of a blob's size may be wrong.
constexpr int64_t kPieceBytes = 8 * MiB;

void PutBigEndian(uint32_t value, std::string& out) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift);
}

uint32_t BigEndianAt(BytesView bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

uint32_t Crc32(BytesView bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

Failure Damaged(std::string_view what) {
  return Fail(ErrorCode::kCorruptRecord, "damaged deletion vector: {}", what);
}

}  // namespace

std::string EncodeDeletionVector(const RowPositions& rows) {
  std::string content(kMagic);
  content += rows.Serialize();
  std::string blob;
  PutBigEndian(static_cast<uint32_t>(content.size()), blob);
  blob += content;
  PutBigEndian(Crc32(content), blob);
  return blob;
}

Result<RowPositions> DecodeDeletionVector(BytesView blob) {
  if (blob.size() < kLengthBytes + kMagic.size() + kCrcBytes) return Damaged("it is too short");
  if (BigEndianAt(blob, 0) != blob.size() - kLengthBytes - kCrcBytes) {
    return Damaged("it has another length than it says");
  }
  const BytesView content = blob.substr(kLengthBytes, blob.size() - kLengthBytes - kCrcBytes);
  if (!content.starts_with(kMagic)) return Damaged("no magic");
  if (BigEndianAt(blob, blob.size() - kCrcBytes) != Crc32(content)) return Damaged("its checksum");
  return RowPositions::Deserialize(content.substr(kMagic.size()));
}

namespace {

/// As many of the bytes as there are.
Result<std::string> ReadBlob(FileIo& io, const DataFile& file) {
  const std::string& location = file.file_path;
  const std::optional<int64_t> known_size =
      file.file_size_bytes > 0 ? std::optional(file.file_size_bytes) : std::nullopt;
  ASSIGN_OR_RETURN(const auto input, io.OpenInput(location, known_size));
  std::string blob;
  while (std::ssize(blob) < *file.content_size_bytes) {
    const auto have = std::ssize(blob);
    const int64_t piece = std::min(*file.content_size_bytes - have, kPieceBytes);
    blob.resize(static_cast<size_t>(have + piece));
    ASSIGN_OR_RETURN_ARROW(const int64_t got,
                           input->ReadAt(*file.content_offset + have, piece, blob.data() + have),
                           "cannot read a file", location);
    if (got < piece) {
      blob.resize(static_cast<size_t>(have + got));
      break;
    }
  }
  return blob;
}

}  // namespace

Result<std::vector<DataFile>> WriteDeletionVectors(FileIo& io, const std::string& location,
                                                   const DeletedRows& rows) {
  ASSIGN_OR_RETURN(auto writer, PuffinWriter::Open(io, location, {{"created-by", "Weir"}}));
  std::vector<DataFile> files;
  for (const auto& [path, positions] : rows) {
    if (positions.empty()) continue;
    PuffinBlob blob;
    blob.type = "deletion-vector-v1";
    blob.fields = {kRowPositionColumnId};
    blob.properties = {{"referenced-data-file", path},
                       {"cardinality", std::to_string(positions.size())}};
    ASSIGN_OR_RETURN(blob, writer.Add(std::move(blob), EncodeDeletionVector(positions)));
    DataFile& file = files.emplace_back();
    file.content = FileContent::kPositionDeletes;
    file.format = FileFormat::kPuffin;
    file.file_path = location;
    file.record_count = positions.size();
    file.referenced_data_file = path;
    file.content_offset = blob.offset;
    file.content_size_bytes = blob.length;
  }
  ASSIGN_OR_RETURN(const int64_t bytes, writer.Finish());
  for (DataFile& file : files) file.file_size_bytes = bytes;
  return files;
}

Result<RowPositions> ReadDeletionVector(FileIo& io, const DataFile& file) {
  const std::string& location = file.file_path;
  if (!file.content_offset || !file.content_size_bytes || *file.content_offset < 0 ||
      *file.content_size_bytes < 0 || *file.content_size_bytes > kBlobBytesMax) {
    return Fail(ErrorCode::kCorruptRecord, "a deletion vector without its place: path={}",
                location);
  }
  ASSIGN_OR_RETURN(const std::string blob, ReadBlob(io, file));
  auto rows = DecodeDeletionVector(blob);
  if (!rows.ok()) {
    return Fail(rows.code(), "{}: path={} offset={}", rows.error().message, location,
                *file.content_offset);
  }
  if (rows->size() != file.record_count) {
    return Fail(ErrorCode::kCorruptRecord,
                "a deletion vector has another size than its manifest says: path={} rows={} "
                "record_count={}",
                location, rows->size(), file.record_count);
  }
  return rows;
}

Status CheckVectorFits(const DataFile& vector, const DataFile& data) {
  if (vector.record_count <= data.record_count) return {};
  return Fail(ErrorCode::kCorruptRecord,
              "a deletion vector of more rows than its data file has: path={} rows={} data={} "
              "record_count={}",
              vector.file_path, vector.record_count, data.file_path, data.record_count);
}

}  // namespace weir::iceberg
