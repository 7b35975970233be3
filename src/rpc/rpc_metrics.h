// What to watch about one request of the API table; labelled with its name.
#pragma once

#include "base/metrics.h"

namespace weir {

struct ApiMetrics : MetricGroup {
  using MetricGroup::MetricGroup;
  Counter requests{*this, "rpc_requests_total", "Requests answered, also with an error."};
  Counter errors{*this, "rpc_errors_total",
                 "Requests answered with an error for the whole request."};
  Counter request_bytes{*this, "rpc_request_bytes_total", "Bytes of request frames."};
  Counter reply_bytes{*this, "rpc_reply_bytes_total", "Bytes of replies."};
  Histogram seconds{*this, "rpc_seconds",
                    "Time from a whole frame to its reply, waiting included."};
};

}  // namespace weir
