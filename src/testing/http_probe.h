#pragma once
// Calls an HTTP handler in process, as the server would: no socket, no port. For tests only.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http/message.h"

namespace reeve {

// "GET", "/api/v1/devices?node=n1". Aborts the test program when the target is no target.
http::Request make_request(std::string method, std::string_view target, std::string body = {}, http::Headers headers = {});

// What the handler answers, from whichever thread; 500 when it drops the responder, as the server does.
// Fails the running test and answers status 0 when nothing comes in `patience`.
http::Response probe(const http::Handler& handler, http::Request request, Milliseconds patience = Milliseconds(10'000));
http::Response probe(const http::Handler& handler, std::string method, std::string_view target, std::string body = {},
                     http::Headers headers = {});

std::string body_of(const http::Response& response);                           // empty when there is none
std::string header_of(const http::Response& response, std::string_view name);  // empty when there is none

// The client's end of a stream that a handler has started. Threads: any.
class ProbedStream final : public http::Stream {
 public:
  using Stream::send;
  void send(std::shared_ptr<const std::string> chunk) override;
  void close() override;
  bool is_open() const override;

  void hang_up() { close(); }  // what is_open() shows when the client goes away
  std::string text() const;    // all chunks so far
  // Waits until `part` has come; false when it does not in `patience`.
  bool wait_for(std::string_view part, Milliseconds patience = Milliseconds(10'000)) const;

 private:
  mutable std::mutex mutex_;
  std::string text_{};
  bool open_ = true;
};

struct StreamAnswer {
  http::Response head{};                   // status 0: nothing came
  std::shared_ptr<ProbedStream> stream{};  // null when the handler answered without a stream
};
StreamAnswer probe_stream(const http::Handler& handler, http::Request request, Milliseconds patience = Milliseconds(10'000));

}  // namespace reeve
