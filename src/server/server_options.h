// How a server is reached and how much it may take. Options about tables, logs and keys are in
// their modules.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/options.h"

namespace weir {

struct ServerOptions {
  std::string data_dir = "./weir-data";
  std::string listen = "127.0.0.1:9123";  // empty: no wire protocol
  std::string http = "127.0.0.1:8080";    // empty: no HTTP
  std::string advertised_address;         // empty: the address each client connected to
  std::string log_level = "info";
  int32_t shards = 0;  // 0: one per core we may use
  int32_t blocking_threads = 4;
  int32_t connections_max = 20'000;
  int64_t request_bytes_max = 100 * MiB;
  int64_t in_flight_bytes_max = 512 * MiB;
  std::chrono::milliseconds idle_time_max = std::chrono::minutes(10);
  std::chrono::milliseconds stop_wait_max = std::chrono::seconds(10);
};

inline constexpr std::array kServerOptions = {
    Option<ServerOptions>{"server.data-dir", &ServerOptions::data_dir, kRestart,
                          "Where everything is stored."},
    Option<ServerOptions>{"server.listen", &ServerOptions::listen, kRestart,
                          "HOST:PORT of the wire protocol; empty for none."},
    Option<ServerOptions>{"server.http", &ServerOptions::http, kRestart,
                          "HOST:PORT of SQL, health and metrics over HTTP; empty for none."},
    Option<ServerOptions>{
        "server.advertised-address", &ServerOptions::advertised_address, kRestart,
        "HOST:PORT that clients are told to connect to; empty for the address they came to."},
    Option<ServerOptions>{"server.log-level", &ServerOptions::log_level, kRestart,
                          "debug, info, warn or error."},
    Option<ServerOptions>{
        "server.shards", &ServerOptions::shards, 0, 1024, kRestart,
        "Threads that own buckets and connections; 0 for one per core the process may use."},
    Option<ServerOptions>{"server.blocking-threads", &ServerOptions::blocking_threads, 1, 1024,
                          kRestart, "Threads for what waits for the disk."},
    Option<ServerOptions>{
        "server.connections-max", &ServerOptions::connections_max, 1, 10'000'000, kRestart,
        "Connections of the wire protocol, and at most half of the files that may be open; further "
        "ones are closed at once."},
    Option<ServerOptions>{"netty.server.max-request-size", &ServerOptions::request_bytes_max,
                          64 * KiB, 2 * GiB - 1, kRestart, "The largest request accepted."},
    Option<ServerOptions>{
        "server.in-flight-bytes-max", &ServerOptions::in_flight_bytes_max, 1 * MiB, 1024 * GiB,
        kRestart,
        "Memory that requests under way and replies not sent may take together; reading from "
        "connections stops above it."},
    Option<ServerOptions>{"netty.connection.max-idle-time", &ServerOptions::idle_time_max,
                          std::chrono::seconds(1), std::chrono::days(1), kRestart,
                          "Close a connection on which nothing happened for this long."},
    Option<ServerOptions>{"server.stop-wait-max", &ServerOptions::stop_wait_max,
                          std::chrono::seconds(0), std::chrono::hours(1), kRestart,
                          "How long a stopping server waits for requests under way."},
};

}  // namespace weir
