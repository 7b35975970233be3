// Truth comes from protobuf itself: what the generated classes write, the hand-written parsers must
// read.
#include "wire/hot_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/fluss_api.pb.h"
#include "wire/protobuf_writer.h"

namespace weir {
namespace {

using ::testing::ElementsAre;

pb::ProduceLogRequest Produce() {
  pb::ProduceLogRequest request;
  request.set_acks(-1);
  request.set_table_id(1'000'000'000'007);
  request.set_timeout_ms(30'000);
  auto* first = request.add_buckets_req();
  first->set_bucket_id(3);
  first->set_records(std::string("\0rec\xff", 5));
  auto* second = request.add_buckets_req();
  second->set_partition_id(77);
  second->set_bucket_id(0);
  second->set_records("");
  second->set_original_partition_name("p");
  second->set_routing_bucket_count(8);
  return request;
}

TEST(HotRequests, ProduceLogPointsIntoTheFrame) {
  const std::string body = Produce().SerializeAsString();
  const auto parsed = ParseProduceLog(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->acks, -1);
  EXPECT_EQ(parsed->table.value, 1'000'000'000'007);
  EXPECT_EQ(parsed->timeout_ms, 30'000);
  ASSERT_EQ(parsed->buckets.size(), 2U);
  EXPECT_EQ(parsed->buckets[0].partition, std::nullopt);
  EXPECT_EQ(parsed->buckets[0].bucket, 3);
  EXPECT_EQ(parsed->buckets[0].records, BytesView("\0rec\xff", 5));
  EXPECT_GE(parsed->buckets[0].records.data(), body.data());
  EXPECT_LT(parsed->buckets[0].records.data(), body.data() + body.size());
  EXPECT_EQ(parsed->buckets[1].partition, PartitionId{77});
  EXPECT_EQ(parsed->buckets[1].original_partition_name, "p");
  EXPECT_EQ(parsed->buckets[1].routing_bucket_count, 8);
}

TEST(HotRequests, PutKvReadsPackedAndUnpackedColumns) {
  pb::PutKvRequest request;
  request.set_acks(1);
  request.set_table_id(5);
  request.set_timeout_ms(1);
  for (const int column : {0, 2, 300}) request.add_target_columns(column);
  request.set_agg_mode(1);
  auto* bucket = request.add_buckets_req();
  bucket->set_bucket_id(1);
  bucket->set_records("kv");
  std::string body = request.SerializeAsString();
  AppendIntField(body, 4, 7);  // a fourth column, not packed
  const auto parsed = ParsePutKv(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_THAT(parsed->target_columns, ElementsAre(0, 2, 300, 7));
  EXPECT_EQ(parsed->agg_mode, 1);
  EXPECT_EQ(parsed->buckets[0].records, "kv");
}

TEST(HotRequests, LookupAndPrefixLookupReadTheirFields) {
  pb::LookupRequest request;
  request.set_table_id(5);
  auto* bucket = request.add_buckets_req();
  bucket->set_bucket_id(1);
  for (const char* key : {"b", "a", ""}) bucket->add_keys(key);
  bucket->set_original_partition_name("old");
  request.set_insert_if_not_exists(true);
  const std::string body = request.SerializeAsString();
  const auto lookup = ParseLookup(body);
  ASSERT_TRUE(lookup.ok());
  EXPECT_TRUE(lookup->insert_if_not_exists);
  EXPECT_THAT(lookup->buckets[0].keys, ElementsAre("b", "a", ""));
  EXPECT_EQ(lookup->buckets[0].original_partition_name, "old");

  pb::PrefixLookupRequest prefix;
  prefix.set_table_id(5);
  auto* prefixes = prefix.add_buckets_req();
  prefixes->set_bucket_id(1);
  prefixes->set_partition_id(4);
  prefixes->add_keys("k");
  prefixes->set_routing_bucket_count(9);  // the number LOOKUP uses for a name
  const std::string prefix_body = prefix.SerializeAsString();
  const auto parsed = ParsePrefixLookup(prefix_body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_THAT(parsed->buckets[0].keys, ElementsAre("k"));
  EXPECT_EQ(parsed->buckets[0].partition, PartitionId{4});
}

TEST(HotRequests, FetchLogTellsAbsentWaitsFromZero) {
  pb::FetchLogRequest request;
  request.set_follower_server_id(-1);
  request.set_max_bytes(16 << 20);
  auto* table = request.add_tables_req();
  table->set_table_id(1);
  table->set_projection_pushdown_enabled(true);
  table->add_projected_fields(0);
  table->add_projected_fields(5);
  auto* bucket = table->add_buckets_req();
  bucket->set_bucket_id(2);
  bucket->set_fetch_offset(-2);
  bucket->set_max_fetch_bytes(1 << 20);
  request.set_min_bytes(0);
  const std::string body = request.SerializeAsString();
  const auto parsed = ParseFetchLog(body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->follower_server_id, -1);
  EXPECT_EQ(parsed->bytes_min, 0);
  EXPECT_EQ(parsed->wait_ms_max, std::nullopt);
  ASSERT_EQ(parsed->tables.size(), 1U);
  EXPECT_TRUE(parsed->tables[0].projection);
  EXPECT_THAT(parsed->tables[0].projected_fields, ElementsAre(0, 5));
  EXPECT_EQ(parsed->tables[0].buckets[0].fetch_offset, -2);
  EXPECT_EQ(parsed->tables[0].buckets[0].bytes_max, 1 << 20);
}

TEST(HotRequests, AFrameOfNothingButEntriesIsRefused) {
  std::string bucket;
  AppendIntField(bucket, 2, 0);
  AppendIntField(bucket, 3, 0);
  AppendIntField(bucket, 4, 0);
  std::string table;
  AppendIntField(table, 1, 1);
  AppendIntField(table, 2, 0);
  for (int i = 0; i < 100'001; ++i) AppendBytesField(table, 4, bucket);
  std::string body;
  AppendIntField(body, 1, -1);
  AppendIntField(body, 2, 1);
  AppendBytesField(body, 3, table);
  EXPECT_EQ(ParseFetchLog(body).code(), ErrorCode::kCorruptMessage);
}

TEST(HotRequests, UnknownFieldsAreSkipped) {
  std::string body = Produce().SerializeAsString();
  AppendIntField(body, 99, 5);
  AppendBytesField(body, 100, "future");
  AppendFloatField(body, 101, 1.5F);
  EXPECT_TRUE(ParseProduceLog(body).ok());
}

TEST(HotRequests, AMissingRequiredFieldIsDamage) {
  pb::ProduceLogRequest request = Produce();
  request.clear_timeout_ms();
  EXPECT_EQ(ParseProduceLog(request.SerializePartialAsString()).code(), ErrorCode::kCorruptMessage);
  request = Produce();
  request.mutable_buckets_req(0)->clear_records();
  EXPECT_EQ(ParseProduceLog(request.SerializePartialAsString()).code(), ErrorCode::kCorruptMessage);
}

TEST(HotRequests, EveryTornBodyAgreesWithProtobuf) {
  const std::string body = Produce().SerializeAsString();
  for (size_t bytes = 0; bytes < body.size(); ++bytes) {
    pb::ProduceLogRequest truth;
    const bool valid = truth.ParseFromArray(body.data(), static_cast<int>(bytes));
    EXPECT_EQ(ParseProduceLog(BytesView(body).substr(0, bytes)).ok(), valid) << "cut at " << bytes;
  }
}

TEST(HotRequests, AFieldOfTheWrongWireTypeIsDamage) {
  std::string body = Produce().SerializeAsString();
  AppendBytesField(body, 1, "acks as text");
  EXPECT_EQ(ParseProduceLog(body).code(), ErrorCode::kCorruptMessage);
}

TEST(ProtobufWriter, WritesWhatProtobufReads) {
  std::string body;
  AppendIntField(body, 1, -1);
  AppendIntField(body, 2, 1'000'000'000'007);
  AppendIntField(body, 3, 30'000);
  std::string bucket;
  AppendIntField(bucket, 2, 3);
  AppendBytesField(bucket, 3, BytesView("\0rec\xff", 5));
  EXPECT_EQ(LengthPrefixSize(4, static_cast<int64_t>(bucket.size())), 2);
  AppendBytesField(body, 4, bucket);
  pb::ProduceLogRequest truth = Produce();
  truth.mutable_buckets_req()->RemoveLast();
  EXPECT_EQ(body, truth.SerializeAsString());
}

}  // namespace
}  // namespace weir
