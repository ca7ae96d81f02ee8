#include "net/http/exchange.h"

#include <atomic>

#include <boost/beast/http/status.hpp>

#include <fmt/format.h>

#include "net/http/connection.h"

namespace reeve::http {
namespace {

class ConnectionStream final : public Stream {
 public:
  ConnectionStream(std::shared_ptr<Connection> connection, std::shared_ptr<StreamState> state, std::size_t backlog_max)
      : connection_(std::move(connection)), state_(std::move(state)), backlog_max_(backlog_max) {}
  ~ConnectionStream() override { close(); }
  ConnectionStream(const ConnectionStream&) = delete;
  ConnectionStream& operator=(const ConnectionStream&) = delete;

  using Stream::send;
  void send(std::shared_ptr<const std::string> chunk) override {
    if (!state_->open || chunk->empty()) return;  // an empty chunk would end the stream
    if (state_->backlog.fetch_add(chunk->size()) + chunk->size() > backlog_max_) {
      state_->open = false;
      connection_->loop()->post([connection = connection_] { connection->close(); });
      return;
    }
    connection_->loop()->post([connection = connection_, chunk = std::move(chunk)] { connection->push(chunk); });
  }

  void close() override {
    if (state_->open.exchange(false)) connection_->loop()->post([connection = connection_] { connection->end_stream(); });
  }

  bool is_open() const override { return state_->open; }

 private:
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<StreamState> state_;
  std::size_t backlog_max_;
};

class ConnectionResponder final : public Responder {
 public:
  explicit ConnectionResponder(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~ConnectionResponder() override {
    if (!answered_) respond(server_problem(500, "INTERNAL", "the request was not answered"));
  }
  ConnectionResponder(const ConnectionResponder&) = delete;
  ConnectionResponder& operator=(const ConnectionResponder&) = delete;

  void respond(Response response) override {
    if (answered_.exchange(true)) return;
    connection_->loop()->post(
        [connection = connection_, response = std::move(response)]() mutable { connection->respond(std::move(response)); });
  }

  std::shared_ptr<Stream> start_stream(Response head) override {
    auto state = std::make_shared<StreamState>();
    state->open = !answered_.exchange(true);
    auto stream = std::make_shared<ConnectionStream>(connection_, state, connection_->loop()->options.stream_backlog_bytes_max);
    if (state->open)
      connection_->loop()->post([connection = connection_, state, head = std::move(head)]() mutable {
        connection->start_stream(std::move(head), std::move(state));
      });
    return stream;
  }

 private:
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> answered_{false};
};

}  // namespace

std::shared_ptr<Responder> make_responder(std::shared_ptr<Connection> connection) {
  return std::make_shared<ConnectionResponder>(std::move(connection));
}

std::string reason_of(int status) {
  return std::string(boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status))));
}

Response server_problem(int status, std::string_view code, std::string_view detail) {
  std::string clean;
  for (const char c : detail)
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) clean += c;
  return text_response(status, "application/problem+json",
                       fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"code":"{}","detail":"{}"}})", reason_of(status),
                                   status, code, clean));
}

}  // namespace reeve::http
