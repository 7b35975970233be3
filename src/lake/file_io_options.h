// How the lake's files are reached. Keys are those of Iceberg's clients behind the prefix that Fluss gives its lake
// catalogs; a secret among them is never printed (base/options.h IsSensitiveKey).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/options.h"

namespace weir::iceberg {

struct FileIoOptions {
  std::string s3_endpoint;           // "http://host:port"; empty = Amazon's, by region
  std::string s3_access_key_id;      // empty = the machine's own credentials (environment, role)
  std::string s3_secret_access_key;  // never in a log, an error or a metric
  std::string s3_session_token;
  std::string s3_region;
  bool s3_path_style_access = true;

  int32_t attempts_max = 8;
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds retry_time_max{60'000};

  double write_requests_price = 5.0;  // per million PUT, POST and LIST requests
  double read_requests_price = 0.4;   // per million GET and HEAD requests
};

inline constexpr std::array kFileIoOptions = {
    Option<FileIoOptions>{"datalake.iceberg.s3.endpoint", &FileIoOptions::s3_endpoint, kRestart,
                          "Object store to use, as a URL; empty means Amazon S3 of the region."},
    Option<FileIoOptions>{"datalake.iceberg.s3.access-key-id", &FileIoOptions::s3_access_key_id,
                          kRestart,
                          "Access key; empty means the credentials of the machine (environment, "
                          "profile, role)."},
    Option<FileIoOptions>{"datalake.iceberg.s3.secret-access-key",
                          &FileIoOptions::s3_secret_access_key, kRestart,
                          "Secret of the access key; never shown."},
    Option<FileIoOptions>{"datalake.iceberg.s3.session-token", &FileIoOptions::s3_session_token,
                          kRestart, "Session token of temporary credentials; never shown."},
    Option<FileIoOptions>{"datalake.iceberg.s3.region", &FileIoOptions::s3_region, kRestart,
                          "Region that requests are signed for."},
    Option<FileIoOptions>{"datalake.iceberg.s3.path-style-access",
                          &FileIoOptions::s3_path_style_access, kRestart,
                          "Put the bucket into the path, not into the host name, when an endpoint "
                          "is given."},
    Option<FileIoOptions>{"lake.object-store.attempts-max", &FileIoOptions::attempts_max, 1, 100,
                          kRestart, "How often one request is tried before its error counts."},
    Option<FileIoOptions>{"lake.object-store.backoff-min", &FileIoOptions::backoff_min,
                          std::chrono::milliseconds(1), std::chrono::minutes(1), kRestart,
                          "Wait before the first retry; doubles each time, less a random part."},
    Option<FileIoOptions>{"lake.object-store.backoff-max", &FileIoOptions::backoff_max,
                          std::chrono::milliseconds(1), std::chrono::minutes(10), kRestart,
                          "Longest wait between two tries."},
    Option<FileIoOptions>{"lake.object-store.retry-time-max", &FileIoOptions::retry_time_max,
                          std::chrono::milliseconds(0), std::chrono::hours(1), kRestart,
                          "Waits of one request together stay below this."},
    Option<FileIoOptions>{"lake.object-store.write-requests-price",
                          &FileIoOptions::write_requests_price, 0, 1'000'000, kRestart,
                          "Price of a million writing and listing requests, for the cost metric."},
    Option<FileIoOptions>{"lake.object-store.read-requests-price",
                          &FileIoOptions::read_requests_price, 0, 1'000'000, kRestart,
                          "Price of a million reading requests, for the cost metric."},
};

}  // namespace weir::iceberg
