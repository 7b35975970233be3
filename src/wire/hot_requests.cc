#include "wire/hot_requests.h"

#include "wire/protobuf_reader.h"

namespace weir {
namespace {

/// Which of a message's required fields were seen, by field number.
class Required {
 public:
  explicit Required(std::initializer_list<int> fields) {
    for (const int field : fields) missing_ |= 1u << field;
  }
  void Saw(int field) {
    if (field < 32) missing_ &= ~(1u << field);
  }
  bool complete() const { return missing_ == 0; }

 private:
  uint32_t missing_ = 0;
};

// Decoded, an entry is some ten times its smallest form on the wire: a frame of nothing else must
// not fill memory.
constexpr size_t kBucketsMax = 100'000;
constexpr size_t kKeysMax = 1'000'000;

/// Walk all fields of `message`; false when it is damaged or incomplete.
template <class F>
bool Walk(BytesView message, std::initializer_list<int> required, F&& on_field) {
  Required missing(required);
  ProtobufReader in(message);
  while (in.Next()) {
    missing.Saw(in.field());
    if (!on_field(in)) return false;
  }
  return in.ok() && missing.complete();
}

Failure Damaged(std::string_view what, BytesView body) {
  return Fail(ErrorCode::kCorruptMessage, "the body is not a {}: bytes={}", what, body.size());
}

bool ParseRecordsForBucket(BytesView message, RecordsForBucket& out) {
  return Walk(message, {2, 3}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.partition = PartitionId{in.Int64()};
        break;
      case 2:
        out.bucket = in.Int32();
        break;
      case 3:
        out.records = in.Bytes();
        break;
      case 4:
        out.original_partition_name = in.Bytes();
        break;
      case 5:
        out.routing_bucket_count = in.Int32();
        break;
      default:
        break;
    }
    return true;
  });
}

/// One more entry, or null when there are too many.
template <class T>
T* AddTo(std::vector<T>& entries, size_t entries_max = kBucketsMax) {
  return entries.size() < entries_max ? &entries.emplace_back() : nullptr;
}

bool ParseKeysForBucket(BytesView message, KeysForBucket& out) {
  return Walk(message, {2}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.partition = PartitionId{in.Int64()};
        break;
      case 2:
        out.bucket = in.Int32();
        break;
      case 3: {
        auto* const key = AddTo(out.keys, kKeysMax);
        if (key == nullptr) return false;
        *key = in.Bytes();
        break;
      }
      default:
        break;
    }
    return true;
  });
}

/// LOOKUP has a name where PREFIX_LOOKUP has a number.
bool ParseLookupKeys(BytesView message, KeysForBucket& out) {
  return ParseKeysForBucket(message, out) && Walk(message, {}, [&](ProtobufReader& in) {
           if (in.field() == 4) out.original_partition_name = in.Bytes();
           return true;
         });
}

bool ParseFetchBucket(BytesView message, FetchBucket& out) {
  return Walk(message, {2, 3, 4}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.partition = PartitionId{in.Int64()};
        break;
      case 2:
        out.bucket = in.Int32();
        break;
      case 3:
        out.fetch_offset = in.Int64();
        break;
      case 4:
        out.bytes_max = in.Int32();
        break;
      default:
        break;
    }
    return true;
  });
}

bool ParseFetchTable(BytesView message, FetchTable& out) {
  return Walk(message, {1, 2}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.table = TableId{in.Int64()};
        break;
      case 2:
        out.projection = in.Bool();
        break;
      case 3:
        in.EachInt32([&](int32_t field) { out.projected_fields.push_back(field); });
        break;
      case 4: {
        auto* const bucket = AddTo(out.buckets);
        return bucket != nullptr && ParseFetchBucket(in.Bytes(), *bucket);
      }
      default:
        break;  // the filter is an offer that need not be taken
    }
    return true;
  });
}

}  // namespace

Result<ProduceLogMessage> ParseProduceLog(BytesView body) {
  ProduceLogMessage out;
  const bool whole = Walk(body, {1, 2, 3}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.acks = in.Int32();
        break;
      case 2:
        out.table = TableId{in.Int64()};
        break;
      case 3:
        out.timeout_ms = in.Int32();
        break;
      case 4: {
        auto* const bucket = AddTo(out.buckets);
        return bucket != nullptr && ParseRecordsForBucket(in.Bytes(), *bucket);
      }
      default:
        break;
    }
    return true;
  });
  if (!whole) return Damaged("ProduceLogRequest", body);
  return out;
}

Result<PutKvMessage> ParsePutKv(BytesView body) {
  PutKvMessage out;
  const bool whole = Walk(body, {1, 2, 3}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.acks = in.Int32();
        break;
      case 2:
        out.table = TableId{in.Int64()};
        break;
      case 3:
        out.timeout_ms = in.Int32();
        break;
      case 4:
        in.EachInt32([&](int32_t column) { out.target_columns.push_back(column); });
        break;
      case 5: {
        auto* const bucket = AddTo(out.buckets);
        return bucket != nullptr && ParseRecordsForBucket(in.Bytes(), *bucket);
      }
      case 6:
        out.agg_mode = in.Int32();
        break;
      default:
        break;
    }
    return true;
  });
  if (!whole) return Damaged("PutKvRequest", body);
  return out;
}

Result<LookupMessage> ParseLookup(BytesView body) {
  LookupMessage out;
  const bool whole = Walk(body, {1}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.table = TableId{in.Int64()};
        break;
      case 2: {
        auto* const bucket = AddTo(out.buckets);
        return bucket != nullptr && ParseLookupKeys(in.Bytes(), *bucket);
      }
      case 3:
        out.insert_if_not_exists = in.Bool();
        break;
      case 4:
        out.acks = in.Int32();
        break;
      case 5:
        out.timeout_ms = in.Int32();
        break;
      default:
        break;
    }
    return true;
  });
  if (!whole) return Damaged("LookupRequest", body);
  return out;
}

Result<PrefixLookupMessage> ParsePrefixLookup(BytesView body) {
  PrefixLookupMessage out;
  const bool whole = Walk(body, {1}, [&](ProtobufReader& in) {
    if (in.field() == 1) out.table = TableId{in.Int64()};
    if (in.field() == 2) {
      auto* const bucket = AddTo(out.buckets);
      return bucket != nullptr && ParseKeysForBucket(in.Bytes(), *bucket);
    }
    return true;
  });
  if (!whole) return Damaged("PrefixLookupRequest", body);
  return out;
}

Result<FetchLogMessage> ParseFetchLog(BytesView body) {
  FetchLogMessage out;
  const bool whole = Walk(body, {1, 2}, [&](ProtobufReader& in) {
    switch (in.field()) {
      case 1:
        out.follower_server_id = in.Int32();
        break;
      case 2:
        out.bytes_max = in.Int32();
        break;
      case 3: {
        auto* const table = AddTo(out.tables);
        return table != nullptr && ParseFetchTable(in.Bytes(), *table);
      }
      case 4:
        out.wait_ms_max = in.Int32();
        break;
      case 5:
        out.bytes_min = in.Int32();
        break;
      default:
        break;
    }
    return true;
  });
  if (!whole) return Damaged("FetchLogRequest", body);
  return out;
}

}  // namespace weir
