#include "async/shard.h"

#include <pthread.h>

#include <exception>
#include <string>

#include "base/log.h"

namespace weir {
namespace {

thread_local const Shard* t_current = nullptr;

}  // namespace

Shard::Shard(int index) : index_(index), work_(boost::asio::make_work_guard(io_)) {}

Shard::~Shard() {
  Stop();
  Join();
}

bool Shard::IsCurrent() const { return t_current == this; }

void Shard::Start() {
  thread_ = std::thread([this] {
    t_current = this;
    pthread_setname_np(pthread_self(), ("shard-" + std::to_string(index_)).c_str());
    // A library that throws costs the turn it threw in, not the shard.
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& e) {
        LogError("async", "a turn of the loop threw: shard={} error=\"{}\"", index_, e.what());
      }
    }
  });
}

void Shard::Stop() { io_.stop(); }

void Shard::Join() {
  if (thread_.joinable()) thread_.join();
}

Shards::Shards(int count) {
  for (int i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(i));
}

Shards::~Shards() { Stop(); }

void Shards::Start() {
  for (auto& shard : shards_) shard->Start();
}

void Shards::Stop() {
  for (auto& shard : shards_) shard->Stop();
  for (auto& shard : shards_) shard->Join();
}

}  // namespace weir
