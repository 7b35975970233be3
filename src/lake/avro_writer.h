// Writes Avro containers: the caller encodes its records field by field in the order of its schema.
//
//   AvroWriter out(schema_json, {{"format-version", "2"}}, AvroCodec::kDeflate);
//   out.record().Long(1); out.record().Some(); out.record().String("x");
//   out.EndRecord();
//   const std::string bytes = std::move(out).Finish();
//
// Source: Avro specification 1.11 "Binary Encoding", "Object Container Files". Plain object, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "lake/avro_codec.h"

namespace weir::iceberg {

/// Values of one record in Avro's binary encoding.
class AvroEncoder {
 public:
  /// int and long alike.
  void Long(int64_t value);
  void Bool(bool value) { out_ += value ? '\x01' : '\x00'; }
  void Float(float value);
  void Double(double value);
  /// bytes and string alike.
  void String(BytesView bytes);
  void Fixed(BytesView bytes) { out_ += bytes; }
  /// Branches of the union ["null", T]; Some() goes before the value.
  void Null() { Long(0); }
  void Some() { Long(1); }
  /// Around the elements of an array or the entries of a map.
  void BeginItems(size_t count) {
    if (count > 0) Long(static_cast<int64_t>(count));
  }
  void EndItems() { Long(0); }

  const std::string& bytes() const { return out_; }
  void Clear() { out_.clear(); }

 private:
  std::string out_;
};

class AvroWriter {
 public:
  AvroWriter(std::string_view schema, const std::map<std::string, std::string>& metadata,
             AvroCodec codec);

  AvroEncoder& record() { return record_; }
  void EndRecord();

  /// Bytes of all records before compression.
  size_t raw_bytes() const { return raw_bytes_; }

  std::string Finish() &&;

 private:
  void EndBlock();

  AvroCodec codec_;
  std::string sync_;
  std::string out_;
  std::string block_;
  int64_t block_records_ = 0;
  size_t raw_bytes_ = 0;
  AvroEncoder record_;
};

}  // namespace weir::iceberg
