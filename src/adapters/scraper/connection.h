#pragma once
// One kept-alive HTTP/1.1 connection of the scraper. Private to adapters/scraper.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "adapters/scraper/scraper.h"
#include "net/http/client.h"

namespace reeve::scraper {

using Deadline = std::chrono::steady_clock::time_point;

class Connection {
 public:
  // Names are resolved on `resolvers`, which outlives the connection, as `options` do.
  Connection(boost::asio::any_io_executor executor, boost::asio::thread_pool& resolvers, const ScraperOptions& options, http::Url url);

  // The body of a reply with status 200. A connection that the server closed while it lay idle is made anew.
  boost::asio::awaitable<Result<std::string>> get(std::string path, Deadline deadline);

  void close();
  void abort();  // closes for good: what waits fails, and no new connection is made
  const boost::asio::any_io_executor& executor() const { return executor_; }

 private:
  struct Reply {
    std::string body{};
    unsigned status = 0;
    bool keep_alive = false;
  };

  boost::asio::awaitable<Status> connect(Deadline deadline);
  boost::asio::awaitable<Status> resolve(Deadline deadline);
  // `heard`: whether one byte of an answer came.
  boost::asio::awaitable<Result<Reply>> exchange(const std::string& path, Deadline deadline, bool& heard);

  boost::asio::any_io_executor executor_;
  boost::asio::thread_pool& resolvers_;
  const ScraperOptions& options_;
  http::Url url_;
  std::string host_header_;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_{};
  std::optional<boost::beast::tcp_stream> stream_{};
  bool aborted_ = false;
};

}  // namespace reeve::scraper
