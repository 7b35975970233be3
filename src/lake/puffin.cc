#include "lake/puffin.h"

#include <arrow/io/interfaces.h>

#include <bit>
#include <boost/json.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "lake/arrow_error.h"
#include "lake/file_io.h"

namespace weir::iceberg {
namespace {

namespace json = boost::json;

constexpr std::string_view kMagic = "PFA1";
constexpr int64_t kTailBytes = 12;  // payload size, flags, magic
constexpr int64_t kPayloadBytesMax = 64 * MiB;
constexpr uint32_t kCompressedPayload = 1;

Failure Damaged(std::string_view what) {
  return Fail(ErrorCode::kCorruptRecord, "damaged puffin file: {}", what);
}

void PutInt(int32_t value, std::string& out) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

int32_t IntAt(BytesView bytes, size_t at) {
  int32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

json::object TextsToJson(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

std::string FooterToJson(const PuffinFooter& footer) {
  json::array blobs;
  for (const PuffinBlob& blob : footer.blobs) {
    json::object object;
    object["type"] = blob.type;
    object["fields"] = json::array(blob.fields.begin(), blob.fields.end());
    object["snapshot-id"] = blob.snapshot_id;
    object["sequence-number"] = blob.sequence_number;
    object["offset"] = blob.offset;
    object["length"] = blob.length;
    if (!blob.compression_codec.empty()) object["compression-codec"] = blob.compression_codec;
    if (!blob.properties.empty()) object["properties"] = TextsToJson(blob.properties);
    blobs.push_back(std::move(object));
  }
  json::object object;
  object["blobs"] = std::move(blobs);
  if (!footer.properties.empty()) object["properties"] = TextsToJson(footer.properties);
  return json::serialize(object);
}

Result<int64_t> IntegerOf(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64()) return Damaged("a number of a blob is missing");
  return value->get_int64();
}

Result<std::map<std::string, std::string>> TextsOf(const json::object& object) {
  std::map<std::string, std::string> texts;
  const json::value* value = object.if_contains("properties");
  if (value == nullptr) return texts;
  if (!value->is_object()) return Damaged("properties are no object");
  for (const auto& [key, text] : value->get_object()) {
    if (!text.is_string()) return Damaged("a property is no text");
    texts[std::string(key)] = std::string(text.get_string());
  }
  return texts;
}

Result<PuffinBlob> BlobOf(const json::value& value, int64_t blobs_end) {
  if (!value.is_object()) return Damaged("a blob is no object");
  const json::object& object = value.get_object();
  PuffinBlob blob;
  const json::value* type = object.if_contains("type");
  if (type == nullptr || !type->is_string()) return Damaged("a blob has no type");
  blob.type = std::string(type->get_string());
  const json::value* fields = object.if_contains("fields");
  if (fields == nullptr || !fields->is_array()) return Damaged("a blob has no fields");
  for (const json::value& field : fields->get_array()) {
    if (!field.is_int64() || !std::in_range<int32_t>(field.get_int64())) {
      return Damaged("a field of a blob is no id");
    }
    blob.fields.push_back(static_cast<int32_t>(field.get_int64()));
  }
  ASSIGN_OR_RETURN(blob.snapshot_id, IntegerOf(object, "snapshot-id"));
  ASSIGN_OR_RETURN(blob.sequence_number, IntegerOf(object, "sequence-number"));
  ASSIGN_OR_RETURN(blob.offset, IntegerOf(object, "offset"));
  ASSIGN_OR_RETURN(blob.length, IntegerOf(object, "length"));
  const auto magic_bytes = static_cast<int64_t>(kMagic.size());
  if (blob.offset < magic_bytes || blob.length < 0 || blob.offset > blobs_end ||
      blob.length > blobs_end - blob.offset) {
    return Damaged("a blob lies outside the file");
  }
  if (const json::value* codec = object.if_contains("compression-codec"); codec != nullptr) {
    if (!codec->is_string()) return Damaged("a codec is no text");
    blob.compression_codec = std::string(codec->get_string());
  }
  ASSIGN_OR_RETURN(blob.properties, TextsOf(object));
  return blob;
}

}  // namespace

Result<int64_t> PuffinFooterBytes(BytesView tail) {
  if (static_cast<int64_t>(tail.size()) < kTailBytes || !tail.ends_with(kMagic)) {
    return Damaged("no magic at its end");
  }
  const int32_t payload = IntAt(tail, tail.size() - kTailBytes);
  if (payload < 0 || payload > kPayloadBytesMax) return Damaged("an impossible footer size");
  return payload + kTailBytes + static_cast<int64_t>(kMagic.size());
}

Result<PuffinFooter> ParsePuffinFooter(BytesView tail, int64_t file_bytes) {
  ASSIGN_OR_RETURN(const int64_t bytes, PuffinFooterBytes(tail));
  if (bytes + static_cast<int64_t>(kMagic.size()) > file_bytes) return Damaged("it is too short");
  if (bytes > static_cast<int64_t>(tail.size())) {
    return Fail(ErrorCode::kStorage, "the footer is longer: bytes={}", bytes);
  }
  const BytesView footer_bytes = tail.substr(tail.size() - static_cast<size_t>(bytes));
  if (!footer_bytes.starts_with(kMagic)) return Damaged("no magic before its footer");
  const auto flags = static_cast<uint32_t>(IntAt(footer_bytes, footer_bytes.size() - 8));
  if ((flags & kCompressedPayload) != 0) {
    return Fail(ErrorCode::kUnsupportedVersion, "compressed puffin footers are not supported");
  }
  const BytesView payload =
      footer_bytes.substr(kMagic.size(), static_cast<size_t>(bytes - kTailBytes) - kMagic.size());

  boost::system::error_code failed;
  const json::value value = json::parse({payload.data(), payload.size()}, failed);
  if (failed || !value.is_object()) return Damaged("its footer is no JSON object");
  const json::object& object = value.get_object();
  const json::value* blobs = object.if_contains("blobs");
  if (blobs == nullptr || !blobs->is_array()) return Damaged("its footer has no blobs");
  PuffinFooter footer;
  for (const json::value& blob : blobs->get_array()) {
    ASSIGN_OR_RETURN(footer.blobs.emplace_back(), BlobOf(blob, file_bytes - bytes));
  }
  ASSIGN_OR_RETURN(footer.properties, TextsOf(object));
  return footer;
}

Result<PuffinFooter> ReadPuffinFooter(FileIo& io, const std::string& location) {
  ASSIGN_OR_RETURN(const auto file, io.OpenInput(location));
  ASSIGN_OR_RETURN_ARROW(const int64_t size, file->GetSize(), "cannot read a file", location);
  const auto named = [&](auto result) {
    if (!result.ok()) result.error().message += fmt::format(": path={}", location);
    return result;
  };
  constexpr int64_t kFirstRead = 8 * KiB;
  int64_t bytes = std::min(size, kFirstRead);
  while (true) {
    std::string tail(static_cast<size_t>(bytes), '\0');
    ASSIGN_OR_RETURN_ARROW(const int64_t got, file->ReadAt(size - bytes, bytes, tail.data()),
                           "cannot read a file", location);
    tail.resize(static_cast<size_t>(got));
    ASSIGN_OR_RETURN(const int64_t footer_bytes, named(PuffinFooterBytes(tail)));
    if (footer_bytes <= bytes || bytes == size) return named(ParsePuffinFooter(tail, size));
    bytes = std::min(size, footer_bytes);
  }
}

PuffinWriter::PuffinWriter(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}
PuffinWriter::PuffinWriter(PuffinWriter&&) noexcept = default;
PuffinWriter::~PuffinWriter() = default;

Result<PuffinWriter> PuffinWriter::Open(FileIo& io, const std::string& location,
                                        std::map<std::string, std::string> properties) {
  ASSIGN_OR_RETURN(auto file, io.OpenOutput(location));
  RETURN_IF_ERROR(file->Append(kMagic));
  PuffinWriter writer(std::move(file));
  writer.footer_.properties = std::move(properties);
  return writer;
}

Result<PuffinBlob> PuffinWriter::Add(PuffinBlob blob, BytesView bytes) {
  blob.offset = file_->bytes();
  blob.length = static_cast<int64_t>(bytes.size());
  RETURN_IF_ERROR(file_->Append(bytes));
  footer_.blobs.push_back(blob);
  return blob;
}

Result<int64_t> PuffinWriter::Finish() {
  const std::string payload = FooterToJson(footer_);
  std::string footer(kMagic);
  footer += payload;
  PutInt(static_cast<int32_t>(payload.size()), footer);
  PutInt(0, footer);
  footer += kMagic;
  RETURN_IF_ERROR(file_->Append(footer));
  RETURN_IF_ERROR(file_->Finish());
  return file_->bytes();
}

}  // namespace weir::iceberg
