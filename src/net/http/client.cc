#include "net/http/client.h"

#include <algorithm>
#include <optional>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include "base/parse.h"
#include "net/http/stream_client.h"

namespace reeve::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// One exchange as a chain of steps; the first error ends it.
class Exchange {
 public:
  Exchange(const Url& url, const beast_http::request<beast_http::string_body>& request, const ClientOptions& options)
      : url_(url), request_(request), options_(options) {
    parser_.body_limit(options.body_bytes_max);
    parser_.skip(request.method() == beast_http::verb::head);
  }

  Result<Response> run() {
    resolve();
    io_.run_for(options_.timeout);
    if (!outcome_) {
      outcome_ = Error{Errc::timed_out,
                       fmt::format("cannot get {}:{}{}: no answer in {} ms", url_.host, url_.port, url_.target, options_.timeout.count())};
      error_code ignored;
      socket_.close(ignored);
      resolver_.cancel();
    }
    return *outcome_;
  }

 private:
  void fail(std::string_view step, error_code error) {
    outcome_ = Error{Errc::unavailable, fmt::format("cannot {} {}:{}: {}", step, url_.host, url_.port, error.message())};
  }

  void resolve() {
    error_code error;
    const auto address = asio::ip::make_address(url_.host, error);
    if (!error) {  // no need to ask the resolver, whose thread cannot be interrupted
      const auto port = parse_number<std::uint16_t>(url_.port);
      return connect(std::array{tcp::endpoint(address, port.value_or(0))});
    }
    resolver_.async_resolve(url_.host, url_.port, [this](error_code failed, const tcp::resolver::results_type& found) {
      if (failed) return fail("find", failed);
      std::vector<tcp::endpoint> endpoints;
      for (const auto& entry : found) endpoints.push_back(entry.endpoint());
      connect(endpoints);
    });
  }

  template <class Endpoints>
  void connect(const Endpoints& endpoints) {
    asio::async_connect(socket_, endpoints, [this](error_code error, const tcp::endpoint&) {
      if (error) return fail("connect to", error);
      error_code ignored;
      socket_.set_option(tcp::no_delay(true), ignored);
      write();
    });
  }

  void write() {
    beast_http::async_write(socket_, request_, [this](error_code error, std::size_t) {
      // A server that refuses early (413) may stop reading: its answer counts.
      if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) return fail("write to", error);
      read();
    });
  }

  void read() {
    beast_http::async_read(socket_, buffer_, parser_, [this](error_code error, std::size_t) {
      if (error) return fail("read from", error);
      auto& message = parser_.get();
      Response response{.status = static_cast<int>(message.result_int())};
      for (const auto& field : message) response.headers.emplace(field.name_string(), field.value());
      response.body = std::make_shared<const std::string>(std::move(message.body()));
      outcome_ = std::move(response);
    });
  }

  const Url& url_;
  const beast_http::request<beast_http::string_body>& request_;
  const ClientOptions& options_;
  asio::io_context io_{1};
  tcp::resolver resolver_{io_};
  tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_{};
  beast_http::response_parser<beast_http::string_body> parser_{};
  std::optional<Result<Response>> outcome_{};
};

// One exchange over TLS. The deadline is one for all of its steps.
Result<Response> request_over_tls(const std::string& method, const Url& url, Headers headers, const std::string& body,
                                  const ClientOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  const auto left = [&] { return std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()); };
  const std::string authority = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const auto client = StreamClient::create(fmt::format("{}://{}:{}", url.scheme, authority, url.port),
                                           {.tls = options.tls, .connect_timeout = options.timeout, .response_timeout = options.timeout});
  if (!client) return client.error();
  headers.emplace("Connection", "close");
  const auto head = (*client)->send(method, url.target, headers, body);
  if (!head) return head.error();
  std::string whole;
  while (true) {
    const auto piece = (*client)->read_some(std::max(left(), Milliseconds(0)));
    if (!piece) return piece.error();
    if (piece->empty()) break;
    if (left() <= Milliseconds(0))
      return Error{Errc::timed_out,
                   fmt::format("cannot get {}:{}{}: no whole answer in {} ms", url.host, url.port, url.target, options.timeout.count())};
    if (whole.size() + piece->size() > options.body_bytes_max)
      return Error{Errc::unavailable,
                   fmt::format("cannot read from {}:{}: the body is larger than {} bytes", url.host, url.port, options.body_bytes_max)};
    whole += *piece;
  }
  return Response{.status = head->status, .headers = head->headers, .body = std::make_shared<const std::string>(std::move(whole))};
}

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return Error{Errc::invalid_argument, fmt::format("cannot read URL '{}': {}", text, why)};
  };
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return refuse("it has no scheme");
  Url url{.scheme = std::string(text.substr(0, colon))};
  if (url.scheme != "http" && url.scheme != "https") return refuse("its scheme is neither http nor https");
  std::string_view rest = text.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  rest = rest.substr(end, rest.find('#') - end);
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  url.port = url.scheme == "http" ? "80" : "443";
  if (authority.find('@') != std::string_view::npos) return refuse("it holds a user name");
  const auto bracket = authority.find(']');
  const auto mark = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (mark != std::string_view::npos) {
    url.port = authority.substr(mark + 1);
    const auto port = parse_number<std::uint16_t>(url.port);
    if (!port || *port == 0) return refuse("its port is not 1 to 65535");
    authority = authority.substr(0, mark);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return refuse("it has no host");
  if (std::ranges::any_of(url.target, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }))
    return refuse("it holds a blank or a control character");
  url.host = authority;
  return url;
}

Result<Response> request(const std::string& method, const std::string& url, const Headers& headers, const std::string& body,
                         const ClientOptions& options) {
  const auto target = parse_url(url);
  if (!target) return target.error();
  if (target->scheme == "https") return request_over_tls(method, *target, headers, body, options);
  beast_http::request<beast_http::string_body> message;
  message.version(11);
  message.method_string(method);
  message.target(target->target);
  message.set(beast_http::field::host, target->host.find(':') == std::string::npos ? fmt::format("{}:{}", target->host, target->port)
                                                                                   : fmt::format("[{}]:{}", target->host, target->port));
  message.set(beast_http::field::connection, "close");
  for (const auto& [name, value] : headers) {
    if (breaks_line(name) || breaks_line(value))
      return Error{Errc::invalid_argument, fmt::format("cannot send header '{}': it holds a line break", name)};
    message.insert(name, value);
  }
  message.body() = body;
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") message.prepare_payload();
  return Exchange(*target, message, options).run();
}

}  // namespace reeve::http
