#include "adapters/kubelet/unary_call.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/parse.h"

namespace reeve::kubelet {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t frame_head = 5;  // of gRPC: whether it is compressed, and the size
constexpr std::int32_t window = 1 << 20;
constexpr std::size_t status_message_max = 512;

std::string words_of(int error_number) { return std::error_code(error_number, std::generic_category()).message(); }

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Until the deadline; 0 when it is past.
int time_left(SteadyClock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

Result<Socket> connect_to(const std::string& path, SteadyClock::time_point end) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return Error{Errc::invalid_argument, "the path is too long for a socket"};
  path.copy(address.sun_path, path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd() < 0) return Error{Errc::unavailable, words_of(errno)};
  while (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    constexpr int pause_ms = 10;  // a full queue of connections cannot be waited for
    if (errno == ENOENT) return Error{Errc::not_found, words_of(errno)};
    if (errno != EAGAIN && errno != EINTR) return Error{Errc::unavailable, words_of(errno)};
    if (time_left(end) == 0) return Error{Errc::timed_out, "no connection was accepted in time"};
    ::poll(nullptr, 0, pause_ms);
  }
  return socket;
}

// The words of a gRPC status, which come percent-encoded.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < status_message_max; ++i) {
    unsigned code = 0;
    const bool is_code = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr == text.data() + i + 3;
    const char c = is_code ? static_cast<char>(code) : text[i];
    out += c >= ' ' && c <= '~' ? c : '?';
    if (is_code) i += 2;
  }
  return out;
}

// One stream on one connection. The callbacks run within send and receive, on the caller's thread.
class Exchange {
 public:
  Exchange(const UnaryCall& call, Socket socket, SteadyClock::time_point end) : call_(call), socket_(std::move(socket)), end_(end) {
    const auto size = static_cast<std::uint32_t>(call.request.size());
    request_ = {'\0', static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
    request_ += call.request;
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<std::string> run() {
    if (const Status begun = begin(); !begun) return begun.error();
    while (!closed_) {
      if (const Status moved = move(); !moved) return moved.error();
    }
    return message();
  }

 private:
  using Session = std::unique_ptr<nghttp2_session, decltype(&nghttp2_session_del)>;

  static Error broken(std::string_view why) { return {Errc::unavailable, std::string(why)}; }

  Status begin();
  Status submit();
  Status move();
  Status send();
  Status receive();
  Result<std::string> message() &;
  Error refusal() const;

  static Exchange& self(void* user) { return *static_cast<Exchange*>(user); }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void* user);
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size, void* user);
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* user);
  static ssize_t read_request(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                              nghttp2_data_source* source, void*);

  const UnaryCall& call_;
  Socket socket_;
  SteadyClock::time_point end_;
  Session session_{nullptr, &nghttp2_session_del};
  std::string request_{};
  std::size_t request_sent_ = 0;
  std::string out_{};  // bytes that the socket did not take yet
  std::string answer_{};
  std::string http_status_{};
  std::optional<int> grpc_status_{};
  std::string grpc_message_{};
  std::uint32_t stream_error_ = 0;
  bool too_large_ = false;
  bool closed_ = false;
};

int Exchange::on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                        std::size_t value_size, std::uint8_t, void* user) {
  const std::string_view key(reinterpret_cast<const char*>(name), name_size);
  const std::string_view text(reinterpret_cast<const char*>(value), value_size);
  constexpr int unknown = 2;  // of gRPC
  if (key == ":status") self(user).http_status_ = text;
  if (key == "grpc-status") self(user).grpc_status_ = parse_number<int>(text).value_or(unknown);
  if (key == "grpc-message") self(user).grpc_message_ = decoded(text);
  return 0;
}

int Exchange::on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size, void* user) {
  Exchange& exchange = self(user);
  if (size > exchange.call_.answer_max + frame_head - exchange.answer_.size()) {
    exchange.too_large_ = exchange.closed_ = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  exchange.answer_.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int Exchange::on_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* user) {
  self(user).closed_ = true;
  self(user).stream_error_ = error;
  return 0;
}

ssize_t Exchange::read_request(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                               nghttp2_data_source* source, void*) {
  Exchange& exchange = self(source->ptr);
  const std::size_t part = exchange.request_.copy(reinterpret_cast<char*>(into), size, exchange.request_sent_);
  exchange.request_sent_ += part;
  if (exchange.request_sent_ == exchange.request_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(part);
}

Status Exchange::begin() {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) return broken("no memory");
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> callbacks(made,
                                                                                                       &nghttp2_session_callbacks_del);
  nghttp2_session_callbacks_set_on_header_callback(made, &on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, &on_close);
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new(&session, made, this) != 0) return broken("no memory");
  session_.reset(session);
  const std::array<nghttp2_settings_entry, 2> settings{{{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}}};
  if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0 ||
      nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window) != 0)
    return broken("no memory");
  return submit();
}

Status Exchange::submit() {
  const std::string timeout = fmt::format("{}m", call_.deadline.count());
  const auto header = [](std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) { return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data())); };
    return nghttp2_nv{bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  const std::array headers{header(":method", "POST"),
                           header(":scheme", "http"),
                           header(":path", call_.method),
                           header(":authority", "localhost"),
                           header("content-type", "application/grpc"),
                           header("te", "trailers"),
                           header("grpc-timeout", timeout),
                           header("user-agent", "reeve-agent")};
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = &read_request;
  const std::int32_t stream = nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body, nullptr);
  return stream > 0 ? Status(Done{}) : Status(broken(nghttp2_strerror(stream)));
}

Status Exchange::move() {
  if (const Status sent = send(); !sent) return sent;
  if (nghttp2_session_want_read(session_.get()) == 0 && out_.empty()) return broken("the connection was ended");
  pollfd socket{socket_.fd(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  const int ready = ::poll(&socket, 1, time_left(end_));
  if (ready == 0) return Error{Errc::timed_out, fmt::format("no answer within {} ms", call_.deadline.count())};
  if (ready < 0 && errno != EINTR) return broken(words_of(errno));
  return ready > 0 && (socket.revents & ~POLLOUT) != 0 ? receive() : Status(Done{});
}

Status Exchange::send() {
  while (true) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) return broken(nghttp2_strerror(static_cast<int>(size)));
    if (size == 0) break;
    out_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  while (!out_.empty()) {
    const ssize_t sent = ::send(socket_.fd(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EPIPE) out_.clear();  // what the server said before it left is still there to be read
    if (sent < 0) return errno == EAGAIN || errno == EPIPE ? Status(Done{}) : Status(broken(words_of(errno)));
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  return Done{};
}

Status Exchange::receive() {
  std::array<std::uint8_t, 16 << 10> buffer{};
  const ssize_t size = ::recv(socket_.fd(), buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Done{};
  if (size < 0 && errno != ECONNRESET) return broken(words_of(errno));
  if (size <= 0) return broken("the server closed the connection");
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), buffer.data(), static_cast<std::size_t>(size));
  if (taken < 0 && !too_large_) return broken(nghttp2_strerror(static_cast<int>(taken)));
  return Done{};
}

// What the server said instead of an answer. Codes: grpc/doc/statuscodes.md.
Error Exchange::refusal() const {
  if (!http_status_.empty() && http_status_ != "200") return broken(fmt::format("HTTP status {}", http_status_));
  if (!grpc_status_) return broken(fmt::format("the stream ended without a status (HTTP/2 error {})", stream_error_));
  constexpr int deadline_exceeded = 4;
  constexpr int unimplemented = 12;
  const Errc code = *grpc_status_ == deadline_exceeded ? Errc::timed_out
                    : *grpc_status_ == unimplemented   ? Errc::unsupported
                                                       : Errc::unavailable;
  return {code, fmt::format("status {}: {}", *grpc_status_, grpc_message_)};
}

Result<std::string> Exchange::message() & {
  if (too_large_) return broken(fmt::format("the answer is larger than {} bytes", call_.answer_max));
  if (http_status_ != "200" || grpc_status_ != 0) return refusal();
  if (answer_.size() < frame_head) return broken("the answer holds no message");
  if (answer_[0] != 0) return broken("the answer is compressed, which nobody asked for");
  std::uint32_t size = 0;
  for (std::size_t i = 1; i < frame_head; ++i) size = size << 8 | static_cast<unsigned char>(answer_[i]);
  if (size != answer_.size() - frame_head) return broken("the answer is not one message");
  answer_.erase(0, frame_head);
  return std::move(answer_);
}

}  // namespace

Result<std::string> call_unary(const UnaryCall& call) {
  const auto end = SteadyClock::now() + call.deadline;
  const auto about = [&](const Error& error) {
    return Error{error.code, fmt::format("cannot ask {} at {}: {}", call.method.substr(1), call.socket, error.message)};
  };
  Result<Socket> socket = connect_to(call.socket, end);
  if (!socket) return about(socket.error());
  Result<std::string> answer = Exchange(call, std::move(socket).value(), end).run();
  return answer ? std::move(answer) : about(answer.error());
}

}  // namespace reeve::kubelet
