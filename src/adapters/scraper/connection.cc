#include "adapters/scraper/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>

#include <fmt/format.h>

namespace reeve::scraper {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_outcome = asio::as_tuple(asio::use_awaitable);

Error failure(std::string_view doing, const error_code& error, const ScraperOptions& options) {
  if (error == beast::error::timeout) return {Errc::timed_out, fmt::format("cannot {}: no answer in time", doing)};
  if (error == asio::error::operation_aborted) return {Errc::unavailable, fmt::format("cannot {}: the collector stops", doing)};
  if (error == beast::http::error::body_limit)
    return {Errc::invalid_argument, fmt::format("cannot {}: the body is larger than {} bytes", doing, options.body_bytes_max)};
  if (error == beast::http::error::end_of_stream || error == beast::http::error::partial_message)
    return {Errc::unavailable, fmt::format("cannot {}: the connection was closed before the reply was whole", doing)};
  if (error.category() == make_error_code(beast::http::error::bad_version).category())
    return {Errc::invalid_argument, fmt::format("cannot {}: the reply is no HTTP ({})", doing, error.message())};
  return {Errc::unavailable, fmt::format("cannot {}: {}", doing, error.message())};
}

// The answer of a resolver thread, which may come after nobody waits any more.
struct Resolution {
  explicit Resolution(const asio::any_io_executor& executor) : wake(executor) {}
  asio::steady_timer wake;
  bool done = false;
  error_code error{};
  std::vector<tcp::endpoint> endpoints{};
};

void resolve_blocking(const std::string& host, const std::string& port, Resolution& into) {
  asio::io_context io(1);
  tcp::resolver resolver(io);
  for (const auto& entry : resolver.resolve(host, port, into.error)) into.endpoints.push_back(entry.endpoint());
}

}  // namespace

Connection::Connection(asio::any_io_executor executor, asio::thread_pool& resolvers, const ScraperOptions& options, http::Url url)
    : executor_(std::move(executor)),
      resolvers_(resolvers),
      options_(options),
      url_(std::move(url)),
      host_header_(url_.host.find(':') == std::string::npos ? url_.host + ":" + url_.port : "[" + url_.host + "]:" + url_.port) {}

void Connection::close() {
  if (!stream_) return;
  error_code ignored;
  stream_->socket().close(ignored);
}

void Connection::abort() {
  aborted_ = true;
  close();
}

asio::awaitable<Status> Connection::resolve(Deadline deadline) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(url_.host, not_numeric);
  if (!not_numeric) {
    endpoints_ = {tcp::endpoint(address, static_cast<asio::ip::port_type>(std::stoul(url_.port)))};
    co_return Done{};
  }
  const auto resolution = std::make_shared<Resolution>(executor_);
  resolution->wake.expires_at(deadline);
  asio::post(resolvers_, [resolution, executor = executor_, host = url_.host, port = url_.port] {
    auto found = std::make_shared<Resolution>(executor);
    resolve_blocking(host, port, *found);
    asio::post(executor, [resolution, found] {
      resolution->error = found->error;
      resolution->endpoints = std::move(found->endpoints);
      resolution->done = true;
      resolution->wake.cancel();
    });
  });
  co_await resolution->wake.async_wait(as_outcome);
  if (!resolution->done) co_return failure(fmt::format("find '{}'", url_.host), make_error_code(beast::error::timeout), options_);
  if (resolution->error) co_return failure(fmt::format("find '{}'", url_.host), resolution->error, options_);
  endpoints_ = std::move(resolution->endpoints);
  co_return Done{};
}

asio::awaitable<Status> Connection::connect(Deadline deadline) {
  if (endpoints_.empty()) {
    const Status resolved = co_await resolve(deadline);
    if (!resolved) co_return resolved;
  }
  stream_.emplace(executor_);
  stream_->expires_at(deadline);
  const auto [error, endpoint] = co_await stream_->async_connect(endpoints_, as_outcome);
  if (error) {
    close();
    endpoints_.clear();  // the name may lead elsewhere by now
    co_return failure(fmt::format("connect to {}", host_header_), error, options_);
  }
  error_code ignored;
  stream_->socket().set_option(tcp::no_delay(true), ignored);
  co_return Done{};
}

asio::awaitable<Result<Connection::Reply>> Connection::exchange(const std::string& path, Deadline deadline, bool& heard) {
  const std::string doing = fmt::format("read {} from {}", path, host_header_);
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: reeve\r\n"
      "Accept: text/plain;version=0.0.4, application/json;q=0.9, */*;q=0.1\r\n\r\n",
      path, host_header_);
  stream_->expires_at(deadline);
  const auto [write_error, written] = co_await asio::async_write(*stream_, asio::buffer(request), as_outcome);
  if (write_error) co_return failure(doing, write_error, options_);

  // Local, so that a thousand idle connections hold no memory.
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(options_.body_bytes_max);
  parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
  const auto [header_error, header_size] = co_await beast::http::async_read_header(*stream_, buffer, parser, as_outcome);
  heard = parser.got_some();
  if (header_error) co_return failure(doing, header_error, options_);
  const auto [body_error, body_size] = co_await beast::http::async_read(*stream_, buffer, parser, as_outcome);
  if (body_error) co_return failure(doing, body_error, options_);
  Reply reply;
  reply.status = parser.get().result_int();
  reply.keep_alive = parser.keep_alive() && buffer.size() == 0;  // bytes after the reply: it is not to be trusted
  reply.body = std::move(parser.get().body());
  co_return reply;
}

asio::awaitable<Result<std::string>> Connection::get(std::string path, Deadline deadline) {
  for (;;) {
    const bool reused = stream_ && stream_->socket().is_open();
    if (!reused) {
      const Status connected = co_await connect(deadline);
      if (!connected) co_return connected.error();
    }
    bool heard = false;
    Result<Reply> reply = co_await exchange(path, deadline, heard);
    if (!reply || !reply->keep_alive) close();
    if (reply && reply->status == 200) co_return std::move(reply->body);
    if (reply) co_return Error{Errc::unavailable, fmt::format("cannot read {} from {}: HTTP status {}", path, host_header_, reply->status)};
    // Closed by the server between two rounds: not a failure of this one.
    const bool was_stale = reused && !heard && !aborted_ && reply.error().code == Errc::unavailable;
    if (!was_stale || std::chrono::steady_clock::now() >= deadline) co_return reply.error();
  }
}

}  // namespace reeve::scraper
