#include "catalog/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/table_endpoints.h"
#include "catalog/view_endpoints.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;

RestRequest Request(std::string method, std::string path) {
  RestRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

TEST(EndpointsTest, NamesInThePathAreDecodedAfterTheyWereCutApart) {
  RestRequest request = Request("GET", "/v1/namespaces/accounting%1Ftax/tables/a%2Fb%20c");
  const auto endpoint = FindEndpoint(request);
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ((*endpoint)->run, &LoadTable);
  EXPECT_THAT(request.levels, ElementsAre("accounting", "tax"));
  EXPECT_EQ(request.name, "a/b c");
}

TEST(EndpointsTest, APrefixMayStandInFront) {
  for (const char* path :
       {"/v1/namespaces/namespaces/views/views", "/v1/prefix/namespaces/namespaces/views/views"}) {
    RestRequest request = Request("HEAD", path);
    const auto endpoint = FindEndpoint(request);
    ASSERT_TRUE(endpoint.ok()) << path;
    EXPECT_EQ((*endpoint)->run, &ViewExists);
    EXPECT_THAT(request.levels, ElementsAre("namespaces"));
    EXPECT_EQ(request.name, "views");
  }
}

TEST(EndpointsTest, WhatIsNotThereIsSaidAsClientsExpectIt) {
  RestRequest unknown = Request("GET", "/v1/nothing");
  EXPECT_EQ(FindEndpoint(unknown).error().status(), 404);
  RestRequest method = Request("PUT", "/v1/namespaces");
  EXPECT_EQ(FindEndpoint(method).error().status(), 405);
  EXPECT_EQ(AllowedMethods("/v1/namespaces"), "GET, POST");
  EXPECT_EQ(AllowedMethods("/v1/any-prefix/namespaces/a/tables/t"), "GET, HEAD, POST, DELETE");
  EXPECT_EQ(AllowedMethods("/v2/namespaces"), "");
  RestRequest empty = Request("GET", "/v1/namespaces//tables");
  EXPECT_EQ(FindEndpoint(empty).error().status(), 400);
}

TEST(EndpointsTest, EveryRowIsFoundByItsOwnPath) {
  for (const Endpoint& row : Endpoints()) {
    RestRequest request = Request(std::string(row.method), std::string(row.path));
    const auto found = FindEndpoint(request);
    ASSERT_TRUE(found.ok()) << row.path;
    EXPECT_EQ(*found, &row) << row.path;
  }
}

}  // namespace
}  // namespace weir::iceberg
