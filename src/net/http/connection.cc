#include "net/http/connection.h"

#include <ctime>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <fmt/format.h>

#include "net/http/exchange.h"
#include "net/http/target.h"

namespace reeve::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t read_bytes = 8 << 10;        // one read call; a usual request is under 1 KiB
constexpr Milliseconds linger_time{2'000};         // for the client to read our last answer before the reset
constexpr std::size_t linger_bytes_max = 4 << 20;  // what we swallow of a refused request meanwhile
constexpr std::string_view chunk_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

// A header value of ours may hold text of the client: it must not begin a new line.
std::string one_line(const std::string& value) {
  std::string clean;
  for (const char c : value)
    if (c != '\r' && c != '\n' && c != '\0') clean += c;
  return clean;
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

bool same(std::string_view a, std::string_view b) { return !NoCase{}(a, b) && !NoCase{}(b, a); }

}  // namespace

void Loop::post(std::function<void()> task) {
  if (io.get_executor().running_in_this_thread()) return task();
  const std::lock_guard lock(mutex_);
  if (!stopping_) asio::post(io, std::move(task));
}

void Loop::stop(std::function<void()> last) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  asio::post(io, std::move(last));
}

const std::string& Loop::http_date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    date_second_ = now;
  }
  return date_;
}

void open_connection(const std::shared_ptr<Loop>& loop, Socket socket) { std::make_shared<Connection>(loop, std::move(socket))->start(); }

Connection::Connection(std::shared_ptr<Loop> loop, Socket socket)
    : loop_(std::move(loop)), socket_(std::move(socket)), buffer_(loop_->options.header_bytes_max + 2 * read_bytes) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto remote = socket_.remote_endpoint(ignored);
  if (!ignored) client_address_ = remote.address().to_string();
  loop_->connections.insert(this);
  loop_->open_everywhere->fetch_add(1);
}

// The last owner may be a responder on another thread, after the loop has ended: nothing here touches the loop.
Connection::~Connection() = default;

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  if (stream_) stream_->open = false;
  loop_->connections.erase(this);
  loop_->open_everywhere->fetch_sub(1);
  chunks_.clear();
  error_code ignored;
  socket_.close(ignored);
}

void Connection::start() { begin_request(); }

void Connection::begin_request() {
  phase_ = Phase::idle;
  set_deadline(loop_->options.idle_timeout);
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(loop_->options.header_bytes_max));
  parser_->body_limit(loop_->options.body_bytes_max);
  header_seen_ = false;
  if (buffer_.size() > 0) return parse();  // pipelined
  read_more();
}

void Connection::read_more() {
  socket_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) { self->on_read(error, bytes); });
}

void Connection::on_read(error_code error, std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  if (phase_ != Phase::idle && phase_ != Phase::reading) return;  // refused meanwhile (408)
  if (error) return close();
  buffer_.commit(bytes);
  parse();
}

void Connection::parse() {
  if (phase_ == Phase::idle) {
    phase_ = Phase::reading;
    set_deadline(loop_->options.request_timeout);
  }
  while (!parser_->is_done()) {
    if (buffer_.size() == 0) return read_more();
    error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    const bool starved = error == beast_http::error::need_more || (!error && used == 0 && !parser_->is_done());
    if (error && !starved) return on_parse_error(error);
    if (!header_seen_ && parser_->is_header_done()) {
      header_seen_ = true;
      if (send_continue_if_expected()) return;
    }
    if (!starved) continue;
    if (buffer_.size() > loop_->options.header_bytes_max) return on_parse_error(beast_http::error::header_limit);
    return read_more();
  }
  dispatch();
}

void Connection::on_parse_error(error_code error) {
  if (error == beast_http::error::header_limit)
    return refuse(431, "HEADERS_TOO_LARGE", fmt::format("the header is larger than {} bytes", loop_->options.header_bytes_max));
  if (error == beast_http::error::body_limit)
    return refuse(413, "PAYLOAD_TOO_LARGE", fmt::format("the body is larger than {} bytes", loop_->options.body_bytes_max));
  refuse(400, "INVALID_REQUEST", "this is not HTTP/1.1: " + error.message());
}

// A client with "Expect: 100-continue" waits for leave to send its body. True: parsing goes on later.
bool Connection::send_continue_if_expected() {
  if (parser_->is_done() || !same(parser_->get()[beast_http::field::expect], "100-continue")) return false;
  static constexpr std::string_view leave = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(leave), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->close();
    if (self->phase_ == Phase::reading) self->buffer_.size() > 0 ? self->parse() : self->read_more();
  });
  return true;
}

void Connection::dispatch() {
  auto& message = parser_->get();
  phase_ = Phase::handling;
  deadline_ = SteadyTime::max();  // how long the handler takes is its own business
  keep_alive_ = message.keep_alive();
  http_1_0_ = message.version() < 11;
  head_only_ = message.method() == beast_http::verb::head;
  if (!http_1_0_ && message.count(beast_http::field::host) != 1)
    return refuse(400, "INVALID_REQUEST", "HTTP/1.1 wants exactly one Host header");
  auto target = parse_target(message.target());
  if (!target) return refuse(400, "INVALID_REQUEST", target.error().message);
  Request request{.method = std::string(message.method_string())};
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : message) request.headers.emplace(field.name_string(), field.value());
  request.body = std::move(message.body());
  request.client_address = client_address_;
  gzip_accepted_ = accepts_gzip(request.header("Accept-Encoding").value_or(""));
  auto responder = make_responder(shared_from_this());
  try {
    loop_->handler(std::move(request), std::move(responder));
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the client hears of it
    // The responder is dropped while the stack unwinds, which answers 500: one request fails, not the process.
  }
}

void Connection::refuse(int status, std::string_view code, std::string_view detail) {
  phase_ = Phase::handling;
  keep_alive_ = false;
  Response response = server_problem(status, code, detail);
  respond(std::move(response));
}

void Connection::respond(Response response) {
  if (phase_ != Phase::handling) return;
  send_head_and_body(response);
}

void Connection::compress(Response& response) {
  if (!gzip_accepted_ || !response.body || response.body->size() < loop_->options.compress_from_bytes) return;
  const auto type = response.headers.find(std::string("Content-Type"));
  if (type == response.headers.end() || !worth_compressing(type->second) || response.headers.contains(std::string("Content-Encoding")))
    return;
  auto packed = loop_->gzip_cache.compress(response.body);
  if (!packed || packed->size() >= response.body->size()) return;
  response.body = std::move(packed);
  response.headers.emplace("Content-Encoding", "gzip");
  response.headers.emplace("Vary", "Accept-Encoding");
}

void Connection::send_head_and_body(Response& response) {
  compress(response);
  const std::size_t length = response.body ? response.body->size() : 0;
  head_ = head_text(response, has_body(response.status) ? std::optional(length) : std::nullopt);
  body_ = has_body(response.status) && !head_only_ ? std::move(response.body) : nullptr;
  written_ = 0;
  phase_ = Phase::writing;
  write_some();
}

std::string Connection::head_text(const Response& response, std::optional<std::size_t> length) const {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason_of(response.status), loop_->http_date());
  for (const auto& [name, value] : response.headers)
    if (!same(name, "Content-Length") && !same(name, "Connection") && !same(name, "Date"))
      text += one_line(name) + ": " + one_line(value) + "\r\n";
  if (length) text += fmt::format("Content-Length: {}\r\n", *length);
  if (!keep_alive_)
    text += "Connection: close\r\n";
  else if (http_1_0_)
    text += "Connection: keep-alive\r\n";
  return text + "\r\n";
}

void Connection::write_some() {
  set_deadline(loop_->options.request_timeout);
  const std::size_t head_left = written_ < head_.size() ? head_.size() - written_ : 0;
  const std::size_t body_from = written_ - (head_.size() - head_left);
  const std::array<asio::const_buffer, 2> buffers{
      asio::const_buffer(head_.data() + (head_.size() - head_left), head_left),
      body_ ? asio::const_buffer(body_->data() + body_from, body_->size() - body_from) : asio::const_buffer()};
  socket_.async_write_some(buffers, [self = shared_from_this()](error_code error, std::size_t bytes) {
    if (error) return self->close();
    self->on_written(bytes);
  });
}

void Connection::on_written(std::size_t bytes) {
  if (phase_ != Phase::writing) return;
  written_ += bytes;
  if (written_ < head_.size() + (body_ ? body_->size() : 0)) return write_some();
  body_.reset();
  finish_response();
}

void Connection::finish_response() {
  if (stream_) {
    phase_ = Phase::streaming;
    deadline_ = SteadyTime::max();
    watch_for_hang_up();
    return write_chunks();
  }
  if (keep_alive_) return begin_request();
  linger();
}

void Connection::start_stream(Response head, std::shared_ptr<StreamState> state) {
  if (phase_ != Phase::handling) {
    state->open = false;
    return;
  }
  keep_alive_ = false;
  stream_ = std::move(state);
  if (!http_1_0_) head.headers.emplace("Transfer-Encoding", "chunked");
  head_ = head_text(head, std::nullopt);
  body_.reset();
  written_ = 0;
  phase_ = Phase::writing;
  if (head_only_) {
    stream_->open = false;
    stream_.reset();
  }
  write_some();
}

void Connection::push(std::shared_ptr<const std::string> chunk) {
  if (phase_ == Phase::closed || !stream_ || stream_ending_) return;
  chunks_.push_back(std::move(chunk));
  if (phase_ == Phase::streaming && !chunk_in_flight_) write_chunks();
}

void Connection::end_stream() {
  if (phase_ == Phase::closed || !stream_) return;
  stream_->open = false;
  stream_ending_ = true;
  if (phase_ == Phase::streaming && !chunk_in_flight_) write_chunks();
}

void Connection::write_chunks() {
  if (chunks_.empty() && !stream_ending_) {
    deadline_ = SteadyTime::max();
    return;
  }
  chunk_in_flight_ = true;
  set_deadline(loop_->options.request_timeout);
  const bool is_last = chunks_.empty();
  body_ = is_last ? nullptr : chunks_.front();
  if (!is_last) chunks_.pop_front();
  head_ = http_1_0_ ? "" : is_last ? std::string(last_chunk) : fmt::format("{:x}\r\n", body_->size());
  const std::array<asio::const_buffer, 3> buffers{asio::buffer(std::as_const(head_)), body_ ? asio::buffer(*body_) : asio::const_buffer(),
                                                  http_1_0_ || is_last ? asio::const_buffer() : asio::buffer(chunk_end)};
  asio::async_write(socket_, buffers, [self = shared_from_this(), is_last](error_code error, std::size_t) {
    if (error || self->phase_ == Phase::closed) return self->close();
    self->chunk_in_flight_ = false;
    if (is_last) return self->linger();
    self->stream_->backlog.fetch_sub(self->body_->size());
    self->body_.reset();
    self->write_chunks();
  });
}

// A stream's client has nothing more to say: its end of file means that it is gone.
void Connection::watch_for_hang_up() {
  socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->phase_ != Phase::streaming) return;
    if (error) return self->close();
    self->watch_for_hang_up();
  });
}

// Closing with unread input resets the connection, which may destroy our answer before it is read. So the
// sending side is shut first, and what comes is swallowed for a while.
void Connection::linger() {
  phase_ = Phase::lingering;
  set_deadline(linger_time);
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) return close();
  discard();
}

void Connection::discard() {
  socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](error_code error, std::size_t bytes) {
    self->lingered_ += bytes;
    if (error || self->lingered_ > linger_bytes_max) return self->close();
    self->discard();
  });
}

void Connection::enforce_deadline(SteadyTime now) {
  if (now < deadline_) return;
  if (phase_ != Phase::reading) return close();
  error_code ignored;
  socket_.cancel(ignored);
  refuse(408, "REQUEST_TIMEOUT", "the request did not arrive in time");
}

}  // namespace reeve::http
