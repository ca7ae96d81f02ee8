#include "net/http/stream_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <fmt/format.h>

#include "base/parse.h"
#include "net/http/client.h"
#include "net/http/name_lookup.h"
#include "net/http/tls_context.h"

namespace reeve::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using steady_clock = std::chrono::steady_clock;

constexpr std::size_t read_bytes = 64 << 10;
constexpr Milliseconds cancel_seen_after{20};  // while a name is looked up
// A peer that is gone without a word is noticed after 30 s, also by who only waits for what it sends.
constexpr int keep_alive_idle_s = 15;
constexpr int keep_alive_interval_s = 5;
constexpr int keep_alive_probes = 3;
constexpr Milliseconds idle_max = std::chrono::hours(24);  // keeps a caller's "for ever" inside the clock

// What a wait came to besides an error of the system.
enum class Interruption { none, deadline, cancelled };

struct Outcome {
  error_code error{};
  Interruption interruption = Interruption::none;

  bool ok() const { return !error && interruption == Interruption::none; }
  bool peer_closed() const {
    return interruption == Interruption::none &&
           (error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
            error == asio::error::connection_aborted || error == asio::ssl::error::stream_truncated);
  }
};

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

bool may_repeat(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

steady_clock::time_point in(Milliseconds wait) { return steady_clock::now() + std::min(wait, idle_max); }

class KeptConnection final : public StreamClient {
 public:
  KeptConnection(Url url, StreamClientOptions options, std::unique_ptr<asio::ssl::context> tls)
      : url_(std::move(url)),
        host_(url_.host.find(':') == std::string::npos ? fmt::format("{}:{}", url_.host, url_.port)
                                                       : fmt::format("[{}]:{}", url_.host, url_.port)),
        name_(fmt::format("{}://{}", url_.scheme, host_)),
        options_(std::move(options)),
        tls_context_(std::move(tls)),
        piece_(read_bytes) {}

  Result<ResponseHead> send(const std::string& method, const std::string& target, const Headers& headers, std::string_view body) override;
  Result<std::string_view> read_some(Milliseconds idle) override;
  Result<std::string> read_all(Milliseconds idle, std::size_t bytes_max) override;

  void cancel() override {
    cancelled_ = true;
    asio::post(io_, [] {});  // wakes a wait
  }
  void close() override { drop(); }

 private:
  using Parser = beast_http::response_parser<beast_http::buffer_body>;

  // Starts one operation and waits for it; what is interrupted costs the connection.
  template <class Start>
  Outcome run(Start start, steady_clock::time_point deadline) {
    std::optional<error_code> done;
    io_.restart();
    start([&done](const error_code& error, auto&&...) { done = error; });
    const Interruption interruption = wait_for(done, deadline);
    if (interruption == Interruption::none) return {.error = *done};
    error_code ignored;
    socket_.close(ignored);
    for (io_.restart(); !done;) io_.run_one();  // the handler points to our stack
    return {.interruption = interruption};
  }

  Interruption wait_for(const std::optional<error_code>& done, steady_clock::time_point deadline) {
    while (!done) {
      if (cancelled_) return Interruption::cancelled;
      if (io_.run_one_until(deadline) == 0 && !done) return Interruption::deadline;
    }
    return Interruption::none;
  }

  Result<std::vector<tcp::endpoint>> resolve(steady_clock::time_point deadline);
  Status connect();
  Outcome connect_to(const std::vector<tcp::endpoint>& endpoints, steady_clock::time_point deadline);
  Status shake_hands(steady_clock::time_point deadline);
  bool reusable();
  Result<ResponseHead> exchange(const std::string& method, const std::string& head, std::string_view body);
  Outcome write(const std::string& head, std::string_view body, steady_clock::time_point deadline);
  Outcome read_head(const std::string& method, steady_clock::time_point deadline);
  Outcome fill(steady_clock::time_point deadline);
  Outcome parse();
  ResponseHead head_of_answer() const;
  void drop();

  Error unreachable(Interruption interruption, std::string_view why) const;
  Error unread(const Outcome& outcome, Milliseconds patience);
  std::string why(const Outcome& outcome);

  const Url url_;
  const std::string host_;  // as the Host header has it
  const std::string name_;  // "https://host:port"
  const StreamClientOptions options_;
  std::atomic<bool> cancelled_{false};
  asio::io_context io_{1};
  Socket socket_{io_};
  const std::unique_ptr<asio::ssl::context> tls_context_;  // null: plain
  std::optional<asio::ssl::stream<Socket&>> tls_{};        // of this connection
  boost::beast::flat_buffer buffer_{};                     // received, not parsed yet
  std::optional<Parser> parser_{};                         // of the answer in progress
  std::vector<char> piece_;
  bool hungry_ = true;  // the parser can do nothing with what is in the buffer
  bool open_ = false;
  bool heard_ = false;           // did anything of this answer come?
  bool closed_unheard_ = false;  // the exchange failed because the peer closed without a word
};

Error KeptConnection::unreachable(Interruption interruption, std::string_view why) const {
  if (interruption == Interruption::cancelled) why = "the call was cancelled";
  const bool late = interruption == Interruption::deadline;
  return {late ? Errc::timed_out : Errc::unavailable,
          late ? fmt::format("cannot reach {}: no connection in {} ms", name_, options_.connect_timeout.count())
               : fmt::format("cannot reach {}: {}", name_, why)};
}

std::string KeptConnection::why(const Outcome& outcome) {
  const error_code& error = outcome.error;
  if (error == beast_http::error::header_limit)
    return fmt::format("the head of the answer is larger than {} bytes", options_.head_bytes_max);
  if (error.category() == make_error_code(beast_http::error::bad_version).category() && error != beast_http::error::partial_message)
    return fmt::format("the answer is no HTTP ({})", error.message());
  if (outcome.peer_closed() || error == beast_http::error::partial_message)
    return heard_ ? "the connection was closed before the answer was whole" : "the connection was closed before an answer came";
  return tls_ ? tls_failure(tls_->native_handle(), url_.host, error) : error.message();
}

// The connection is of no more use then.
Error KeptConnection::unread(const Outcome& outcome, Milliseconds patience) {
  Error error{Errc::unavailable, {}};
  if (outcome.interruption == Interruption::deadline) {
    error = {Errc::timed_out, fmt::format("cannot read the answer of {}: nothing came in {} ms", name_, patience.count())};
  } else {
    error.message = fmt::format("cannot read the answer of {}: {}", name_,
                                outcome.interruption == Interruption::cancelled ? "the call was cancelled" : why(outcome));
  }
  drop();
  return error;
}

Result<std::vector<tcp::endpoint>> KeptConnection::resolve(steady_clock::time_point deadline) {
  error_code no_address;
  const auto address = asio::ip::make_address(url_.host, no_address);
  if (!no_address) return std::vector{tcp::endpoint(address, parse_number<std::uint16_t>(url_.port).value_or(0))};
  const auto lookup = NameLookup::begin(url_.host, url_.port);
  while (!lookup->wait_until(std::min(deadline, in(cancel_seen_after)))) {
    if (cancelled_) return unreachable(Interruption::cancelled, {});
    if (steady_clock::now() >= deadline) return unreachable(Interruption::deadline, {});
  }
  if (lookup->error()) return unreachable({}, fmt::format("the name is not found: {}", lookup->error().message()));
  return lookup->endpoints();
}

// One address after the other, each with its share of the time that is left: one that swallows packets must not use up all.
Outcome KeptConnection::connect_to(const std::vector<tcp::endpoint>& endpoints, steady_clock::time_point deadline) {
  Outcome last{.error = asio::error::host_not_found};
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto now = steady_clock::now();
    const auto share = now + (deadline - now) / (endpoints.size() - i);
    last = run([&](auto handler) { socket_.async_connect(endpoints[i], handler); }, share);
    if (last.ok() || last.interruption == Interruption::cancelled) return last;
    error_code ignored;
    socket_.close(ignored);
  }
  return last;
}

Status KeptConnection::connect() {
  drop();
  const auto deadline = in(options_.connect_timeout);
  const auto endpoints = resolve(deadline);
  if (!endpoints) return endpoints.error();
  const Outcome connected = connect_to(*endpoints, deadline);
  if (!connected.ok()) return unreachable(connected.interruption, connected.error.message());
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(Socket::keep_alive(true), ignored);
  for (const auto& [option, value] :
       {std::pair(TCP_KEEPIDLE, keep_alive_idle_s), {TCP_KEEPINTVL, keep_alive_interval_s}, {TCP_KEEPCNT, keep_alive_probes}})
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  if (tls_context_)
    if (const auto shaken = shake_hands(deadline); !shaken) return shaken;
  open_ = true;
  return Done{};
}

Status KeptConnection::shake_hands(steady_clock::time_point deadline) {
  tls_.emplace(socket_, *tls_context_);
  if (!expect_peer(tls_->native_handle(), url_.host, options_.tls)) {
    drop();
    return Error{Errc::invalid_argument, fmt::format("cannot reach {}: its host name cannot be verified", name_)};
  }
  const Outcome shaken = run([&](auto handler) { tls_->async_handshake(asio::ssl::stream_base::client, handler); }, deadline);
  if (shaken.ok()) return Done{};
  const std::string& wanted = options_.tls.server_name.empty() ? url_.host : options_.tls.server_name;
  const Error error = unreachable(shaken.interruption, shaken.peer_closed() ? std::string("the connection was closed in the TLS handshake")
                                                                            : tls_failure(tls_->native_handle(), wanted, shaken.error));
  drop();
  return error;
}

void KeptConnection::drop() {
  error_code ignored;
  socket_.close(ignored);
  tls_.reset();
  parser_.reset();
  buffer_.consume(buffer_.size());
  open_ = false;
}

// May the next request go over this connection? Whatever comes while nobody has asked, be it the end or an alert, says no.
bool KeptConnection::reusable() {
  if (!open_ || !parser_ || !parser_->is_done() || !parser_->keep_alive() || buffer_.size() != 0) return false;
  char unasked = 0;
  return ::recv(socket_.native_handle(), &unasked, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Outcome KeptConnection::write(const std::string& head, std::string_view body, steady_clock::time_point deadline) {
  const std::array<asio::const_buffer, 2> text = {asio::buffer(head), asio::buffer(body)};
  return run(
      [&](auto handler) {
        if (tls_)
          asio::async_write(*tls_, text, handler);
        else
          asio::async_write(socket_, text, handler);
      },
      deadline);
}

Outcome KeptConnection::fill(steady_clock::time_point deadline) {
  std::size_t got = 0;
  const auto room = buffer_.prepare(read_bytes);
  const Outcome outcome = run(
      [&](auto handler) {
        const auto count = [handler, &got](const error_code& error, std::size_t bytes) {
          got = bytes;
          handler(error);
        };
        if (tls_)
          tls_->async_read_some(room, count);
        else
          socket_.async_read_some(room, count);
      },
      deadline);
  buffer_.commit(got);
  if (got > 0) heard_ = true;
  return outcome;
}

// Feeds what was received to the parser once. Needing more is no error; then a rest may stay in the buffer.
Outcome KeptConnection::parse() {
  error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  hungry_ = error == beast_http::error::need_more || buffer_.size() == 0;
  if (error == beast_http::error::need_more || error == beast_http::error::need_buffer) error = {};
  return {.error = error};
}

Outcome KeptConnection::read_head(const std::string& method, steady_clock::time_point deadline) {
  do {  // "100 Continue" and "103 Early Hints" are not the answer yet; it may have come with them
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.head_bytes_max));
    parser_->body_limit(boost::none);
    parser_->skip(method == "HEAD");
    hungry_ = buffer_.size() == 0;
    while (!parser_->is_header_done()) {
      if (hungry_)
        if (const Outcome filled = fill(deadline); !filled.ok()) return filled;
      if (const Outcome parsed = parse(); !parsed.ok()) return parsed;
    }
  } while (parser_->get().result_int() < 200);
  parser_->eager(true);
  return {};
}

ResponseHead KeptConnection::head_of_answer() const {
  const auto& message = parser_->get();
  ResponseHead head{.status = static_cast<int>(message.result_int())};
  for (const auto& field : message) head.headers.emplace(field.name_string(), field.value());
  return head;
}

Result<ResponseHead> KeptConnection::exchange(const std::string& method, const std::string& head, std::string_view body) {
  heard_ = false;
  const auto deadline = in(options_.response_timeout);
  Outcome outcome = write(head, body, deadline);
  // A server that refuses early (413) may stop reading: its answer counts.
  if (outcome.ok() || outcome.peer_closed()) outcome = read_head(method, deadline);
  if (!outcome.ok()) {
    closed_unheard_ = outcome.peer_closed() && !heard_;
    return unread(outcome, options_.response_timeout);
  }
  return head_of_answer();
}

Result<ResponseHead> KeptConnection::send(const std::string& method, const std::string& target, const Headers& headers,
                                          std::string_view body) {
  if (cancelled_) return unreachable(Interruption::cancelled, {});
  if (method.empty() || !target.starts_with('/') || target.find(' ') != std::string::npos || breaks_line(method + target))
    return Error{Errc::invalid_argument, fmt::format("cannot send a request to {}: '{} {}' is no request line", name_, method, target)};
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, host_);
  for (const auto& [name, value] : headers) {
    if (breaks_line(name) || breaks_line(value))
      return Error{Errc::invalid_argument, fmt::format("cannot send header '{}': it holds a line break", name)};
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") head += fmt::format("Content-Length: {}\r\n", body.size());
  head += "\r\n";

  const bool kept = reusable();
  if (!kept)
    if (const auto connected = connect(); !connected) return connected.error();
  closed_unheard_ = false;
  auto answer = exchange(method, head, body);
  // The peer may close a kept connection just when we use it: that is no failure of the request.
  if (answer || !kept || !closed_unheard_ || !may_repeat(method)) return answer;
  if (const auto connected = connect(); !connected) return connected.error();
  return exchange(method, head, body);
}

Result<std::string_view> KeptConnection::read_some(Milliseconds idle) {
  if (!parser_) return Error{Errc::unavailable, fmt::format("cannot read the answer of {}: there is none in progress", name_)};
  if (cancelled_) return unread({.interruption = Interruption::cancelled}, idle);
  const auto deadline = in(idle);
  auto& room = parser_->get().body();
  while (!parser_->is_done()) {
    if (hungry_) {
      const Outcome filled = fill(deadline);
      if (filled.error == asio::error::eof && parser_->need_eof()) {  // the protocol's oldest way to end a body
        error_code error;
        parser_->put_eof(error);
        if (!error) break;
      }
      if (!filled.ok()) return unread(filled, idle);
    }
    room.data = piece_.data();
    room.size = piece_.size();
    room.more = true;
    if (const Outcome parsed = parse(); !parsed.ok()) return unread(parsed, idle);
    if (const auto got = piece_.size() - room.size; got > 0) return std::string_view(piece_.data(), got);
  }
  return std::string_view();
}

Result<std::string> KeptConnection::read_all(Milliseconds idle, std::size_t bytes_max) {
  std::string whole;
  while (true) {
    const auto piece = read_some(idle);
    if (!piece) return piece.error();
    if (piece->empty()) return whole;
    if (whole.size() + piece->size() > bytes_max) {
      drop();
      return Error{Errc::invalid_argument, fmt::format("cannot read the answer of {}: it is larger than {} bytes", name_, bytes_max)};
    }
    whole += *piece;
  }
}

}  // namespace

Result<std::unique_ptr<StreamClient>> StreamClient::create(const std::string& url, StreamClientOptions options) {
  auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  if (parsed->target != "/") return Error{Errc::invalid_argument, fmt::format("cannot use URL '{}': a path is not wanted here", url)};
  std::unique_ptr<asio::ssl::context> tls;
  if (parsed->scheme == "https") {
    auto made = make_tls_context(options.tls);
    if (!made) return made.error();
    tls = std::move(made).value();
  }
  return std::unique_ptr<StreamClient>(std::make_unique<KeptConnection>(std::move(parsed).value(), std::move(options), std::move(tls)));
}

}  // namespace reeve::http
