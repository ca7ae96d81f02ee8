#include "testing/http_probe.h"

#include <chrono>
#include <condition_variable>
#include <thread>

#include <gtest/gtest.h>

#include "base/check.h"
#include "net/http/target.h"

namespace reeve {
namespace {

struct Outcome {
  std::mutex mutex{};
  std::condition_variable came{};
  bool answered = false;
  StreamAnswer answer{};
};

class ProbeResponder final : public http::Responder {
 public:
  explicit ProbeResponder(std::shared_ptr<Outcome> outcome) : outcome_(std::move(outcome)) {}
  ~ProbeResponder() override { settle({.head = {.status = 500}}); }
  ProbeResponder(const ProbeResponder&) = delete;
  ProbeResponder& operator=(const ProbeResponder&) = delete;

  void respond(http::Response response) override { settle({.head = std::move(response)}); }
  std::shared_ptr<http::Stream> start_stream(http::Response head) override {
    auto stream = std::make_shared<ProbedStream>();
    settle({.head = std::move(head), .stream = stream});
    return stream;
  }

 private:
  void settle(StreamAnswer answer) {
    const std::lock_guard lock(outcome_->mutex);
    if (outcome_->answered) return;
    outcome_->answered = true;
    outcome_->answer = std::move(answer);
    outcome_->came.notify_all();
  }

  std::shared_ptr<Outcome> outcome_;
};

}  // namespace

http::Request make_request(std::string method, std::string_view target, std::string body, http::Headers headers) {
  auto parsed = http::parse_target(target);
  REEVE_CHECK(parsed.ok());
  http::Request request{.method = std::move(method)};
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.client_address = "127.0.0.1";
  return request;
}

StreamAnswer probe_stream(const http::Handler& handler, http::Request request, Milliseconds patience) {
  const auto outcome = std::make_shared<Outcome>();
  handler(std::move(request), std::make_shared<ProbeResponder>(outcome));
  std::unique_lock lock(outcome->mutex);
  if (!outcome->came.wait_for(lock, patience, [&] { return outcome->answered; })) {
    ADD_FAILURE() << "the handler did not answer";
    return {.head = {.status = 0}};
  }
  return outcome->answer;
}

http::Response probe(const http::Handler& handler, http::Request request, Milliseconds patience) {
  return probe_stream(handler, std::move(request), patience).head;
}

http::Response probe(const http::Handler& handler, std::string method, std::string_view target, std::string body, http::Headers headers) {
  return probe(handler, make_request(std::move(method), target, std::move(body), std::move(headers)));
}

std::string body_of(const http::Response& response) { return response.body ? *response.body : std::string(); }

std::string header_of(const http::Response& response, std::string_view name) {
  const auto at = response.headers.find(std::string(name));
  return at == response.headers.end() ? std::string() : at->second;
}

void ProbedStream::send(std::shared_ptr<const std::string> chunk) {
  const std::lock_guard lock(mutex_);
  if (open_) text_ += *chunk;
}

void ProbedStream::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

bool ProbedStream::is_open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::string ProbedStream::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

bool ProbedStream::wait_for(std::string_view part, Milliseconds patience) const {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (text().find(part) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace reeve
