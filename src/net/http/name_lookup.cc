#include "net/http/name_lookup.h"

#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace reeve::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t lookup_threads = 4;  // as many names at once

struct Lookups {
  std::mutex mutex{};
  std::map<std::pair<std::string, std::string>, std::shared_ptr<NameLookup>> running{};
  asio::thread_pool threads{lookup_threads};
};

// Never destroyed: its end would wait for the lookups in progress.
Lookups& lookups() {
  static auto& all = *new Lookups;
  return all;
}

}  // namespace

std::shared_ptr<NameLookup> NameLookup::begin(const std::string& host, const std::string& port) {
  Lookups& all = lookups();
  const std::lock_guard lock(all.mutex);
  const auto [at, is_new] = all.running.try_emplace({host, port});
  if (!is_new) return at->second;
  at->second = std::make_shared<NameLookup>();
  asio::post(all.threads, [lookup = at->second, host, port] { lookup->run(host, port); });
  return at->second;
}

void NameLookup::run(const std::string& host, const std::string& port) {
  asio::io_context io;
  boost::system::error_code error;
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : tcp::resolver(io).resolve(host, port, error)) endpoints.push_back(entry.endpoint());
  {
    Lookups& all = lookups();
    const std::lock_guard lock(all.mutex);
    all.running.erase({host, port});
  }
  const std::lock_guard lock(mutex_);
  error_ = error;
  endpoints_ = std::move(endpoints);
  over_ = true;
  ended_.notify_all();
}

bool NameLookup::wait_until(std::chrono::steady_clock::time_point end) {
  std::unique_lock lock(mutex_);
  return ended_.wait_until(lock, end, [this] { return over_; });
}

}  // namespace reeve::http
