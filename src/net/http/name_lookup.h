#pragma once
// The addresses of a name. The system's lookup cannot be interrupted, and takes a minute where no server answers it: so it
// runs on threads of its own, which nobody waits for, also not at the end of the program.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace reeve::http {

// Threads: any. Whoever looks for the same name at once shares one lookup.
class NameLookup {
 public:
  static std::shared_ptr<NameLookup> begin(const std::string& host, const std::string& port);

  // True: it is over, and the two below may be called.
  bool wait_until(std::chrono::steady_clock::time_point end);
  const boost::system::error_code& error() const { return error_; }
  const std::vector<boost::asio::ip::tcp::endpoint>& endpoints() const { return endpoints_; }

 private:
  void run(const std::string& host, const std::string& port);

  std::mutex mutex_{};
  std::condition_variable ended_{};
  bool over_ = false;  // what follows is not written any more
  boost::system::error_code error_{};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_{};
};

}  // namespace reeve::http
