#pragma once
// An API server of Kubernetes that keeps objects in memory: enough of it for those who write and read single objects.
// Plain HTTP on 127.0.0.1.

#include <boost/json/value.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http/message.h"
#include "net/http/server.h"

namespace reeve {

// Resource versions, merge patches, apply, status subresources, lists in pages, preconditions of a delete. Threads: any.
class FakeObjectApi {
 public:
  FakeObjectApi();

  std::string url() const;

  // The next request is answered so instead; first come, first served.
  void answer_next(http::Response response);
  static http::Response status(int code, const std::string& reason, const std::string& message, const std::string& more = {});

  // "": everybody is let in.
  void want_token(const std::string& token);

  // By path: "/api/v1/namespaces/a/pods/p".
  std::optional<boost::json::value> object(const std::string& path) const;
  std::vector<boost::json::value> below(const std::string& path) const;  // those of a collection
  void put(const std::string& path, boost::json::value object);
  void remove(const std::string& path);

  std::vector<http::Request> requests() const;  // all so far

 private:
  http::Response answer(const http::Request& request);
  http::Response read(const http::Request& request);
  http::Response list(const http::Request& request);
  http::Response create(const http::Request& request, boost::json::value body);
  http::Response replace(const http::Request& request, boost::json::value body);
  http::Response patch(const http::Request& request, const boost::json::value& body);
  http::Response erase(const http::Request& request, const boost::json::value& body);
  http::Response keep(int code, const std::string& path, boost::json::value object);

  mutable std::mutex mutex_{};  // guards what follows
  std::map<std::string, boost::json::value> objects_{};
  std::vector<http::Request> requests_{};
  std::deque<http::Response> prepared_{};
  std::string token_{};
  std::uint64_t version_ = 100;
  std::unique_ptr<http::Server> server_{};
};

}  // namespace reeve
