#include "web/web_context.h"

namespace weir {

std::string_view LandingPage() {
  return R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Weir</title>
<style>
body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}
pre{background:#f4f4f4;padding:.8rem}
</style>
</head><body>
<h1>Weir</h1>
<p>A streaming lakehouse in one binary. This port speaks HTTP:</p>
<ul>
<li><code>POST /v1/sql</code>: SQL in the body; rows as JSON lines, CSV or an Arrow stream,
as <code>Accept</code> says</li>
<li><code>/api/catalog</code>: an Apache Iceberg REST catalog, for PyIceberg, Spark, Flink, Trino and others</li>
<li><a href="/healthz"><code>/healthz</code></a>: whether the server is ready</li>
<li><a href="/metrics"><code>/metrics</code></a>: numbers for Prometheus</li>
</ul>
<p>From a terminal:</p>
<pre>weir sql --server HOST:PORT
curl -d 'SHOW DATABASES' http://HOST:PORT/v1/sql</pre>
</body></html>
)";
}

}  // namespace weir
