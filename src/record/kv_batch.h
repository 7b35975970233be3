// The batch of a PUT_KV request: upserts and deletes of one bucket. Bytes:
// docs/formats/kv_batch.md. Java: org.apache.fluss.record.DefaultKvRecordBatch, DefaultKvRecord.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/ids.h"
#include "base/result.h"

namespace weir {

struct KvBatchHeader {
  Le<int32_t> length;          //  0  bytes after this field
  int8_t magic;                //  4  0
  Le<uint32_t> crc;            //  5  CRC-32C of everything that follows
  Le<int16_t> schema_id;       //  9
  uint8_t attributes;          // 11  0
  Le<int64_t> writer_id;       // 12  -1: not idempotent
  Le<int32_t> batch_sequence;  // 20  -1: not idempotent
  Le<int32_t> record_count;    // 24
};  // 28  records follow
static_assert(sizeof(KvBatchHeader) == 28);
static_assert(offsetof(KvBatchHeader, schema_id) == 9, "the CRC starts here");

struct KvRecord {
  BytesView key;                 // never empty
  std::optional<BytesView> row;  // absent: delete; in the table's KV format otherwise
};

/// A checked batch. Owns nothing; points into the bytes it was parsed from.
class KvBatchView {
 public:
  /// Check header, CRC and every record boundary of one batch that fills `bytes`; afterwards
  /// iterating cannot fail. Errors  kCorruptMessage  truncated, trailing bytes, unknown magic,
  /// wrong CRC, impossible record lengths or count
  static Result<KvBatchView> Parse(BytesView bytes);

  SchemaId schema_id() const { return SchemaId(header().schema_id); }
  int64_t writer_id() const { return header().writer_id; }
  int32_t batch_sequence() const { return header().batch_sequence; }
  int32_t record_count() const { return header().record_count; }
  BytesView bytes() const { return bytes_; }

  class Iterator {
   public:
    const KvRecord& operator*() const { return record_; }
    const KvRecord* operator->() const { return &record_; }
    Iterator& operator++() {
      Read();
      return *this;
    }
    bool operator!=(const Iterator& end) const { return at_ != end.at_; }
    bool operator==(const Iterator& end) const { return at_ == end.at_; }

   private:
    friend class KvBatchView;
    Iterator(const char* next, const char* end) : next_(next), end_(end) { Read(); }
    void Read();

    const char* at_ = nullptr;  // start of record_, or end_
    const char* next_;
    const char* end_;
    KvRecord record_;
  };
  Iterator begin() const {
    return {bytes_.data() + sizeof(KvBatchHeader), bytes_.data() + bytes_.size()};
  }
  Iterator end() const { return {bytes_.data() + bytes_.size(), bytes_.data() + bytes_.size()}; }

 private:
  explicit KvBatchView(BytesView bytes) : bytes_(bytes) {}
  const KvBatchHeader& header() const {
    return *reinterpret_cast<const KvBatchHeader*>(bytes_.data());
  }

  BytesView bytes_;
};

/// Builds one batch for our own client and tests. Single-threaded, reusable after Finish.
class KvBatchBuilder {
 public:
  explicit KvBatchBuilder(SchemaId schema_id);

  void Upsert(BytesView key, BytesView row) { Append(key, row); }
  void Delete(BytesView key) { Append(key, {}); }

  int32_t record_count() const { return record_count_; }
  size_t size() const { return bytes_.size(); }

  /// Complete the header and hand the bytes over.
  std::string Finish(int64_t writer_id = -1, int32_t batch_sequence = -1);

 private:
  void Append(BytesView key, BytesView row);

  SchemaId schema_id_;
  int32_t record_count_ = 0;
  std::string bytes_;
};

}  // namespace weir
