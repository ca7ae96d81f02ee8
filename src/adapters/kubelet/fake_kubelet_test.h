#pragma once
// A server of gRPC calls on a unix socket, by nghttp2 like the client but from the other side: for tests.

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"

namespace reeve::kubelet {

// What it does with a call.
struct Script {
  std::string body{};  // of the stream; framed() makes one of a message
  std::string http_status = "200";
  std::string grpc_status = "0";  // empty: none
  std::string grpc_message{};
  bool silent = false;         // hears the call and never answers
  bool only_trailers = false;  // the status comes instead of an answer
  bool hang_up = false;        // closes the connection instead of answering
};

inline std::string framed(const std::string& message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string body{'\0', static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                   static_cast<char>(size)};
  return body + message;
}

class FakeKubelet final {
 public:
  explicit FakeKubelet(Script script) : script_(std::move(script)) {
    std::string folder = (std::filesystem::temp_directory_path() / "reeve-kubelet-XXXXXX").string();
    REEVE_CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    start();
  }
  ~FakeKubelet() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  FakeKubelet(const FakeKubelet&) = delete;
  FakeKubelet& operator=(const FakeKubelet&) = delete;

  std::string socket() const { return folder_ + "/kubelet.sock"; }
  std::vector<std::string> paths() const {
    const std::scoped_lock lock(mutex_);
    return paths_;
  }
  void set(Script script) {
    const std::scoped_lock lock(mutex_);
    script_ = std::move(script);
  }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    ::unlink(socket().c_str());
  }
  void start() {
    stop_ = false;
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof address.sun_path - 1);
    REEVE_CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(listener_, 8) == 0);
    thread_ = std::thread([this] { accept_all(); });
  }

 private:
  bool readable(int fd) const {
    while (!stop_) {
      pollfd one{fd, POLLIN, 0};
      if (::poll(&one, 1, 10) > 0) return true;
    }
    return false;
  }

  void accept_all() {
    while (readable(listener_)) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      serve(fd);
      ::close(fd);
    }
  }

  void serve(int fd) {
    nghttp2_session_callbacks* callbacks = nullptr;
    REEVE_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &FakeKubelet::on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &FakeKubelet::on_frame);
    nghttp2_session* session = nullptr;
    REEVE_CHECK(nghttp2_session_server_new(&session, callbacks, this) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
    std::uint8_t buffer[4096];
    bool alive = true;
    hang_up_ = false;
    while (alive && !hang_up_ && readable(fd)) {
      const auto size = ::recv(fd, buffer, sizeof buffer, 0);
      alive = size > 0 && nghttp2_session_mem_recv(session, buffer, static_cast<std::size_t>(size)) >= 0;
      const std::uint8_t* out = nullptr;
      for (ssize_t n = 0; alive && (n = nghttp2_session_mem_send(session, &out)) > 0;)
        alive = ::send(fd, out, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
    }
    nghttp2_session_del(session);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void* user) {
    auto& self = *static_cast<FakeKubelet*>(user);
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) != ":path") return 0;
    const std::scoped_lock lock(self.mutex_);
    self.paths_.emplace_back(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool is_call = frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_call) static_cast<FakeKubelet*>(user)->answer(session, frame->hd.stream_id);
    return 0;
  }

  static nghttp2_nv header(const std::string& name, const std::string& value) {
    const auto bytes = [](const std::string& text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }

  void answer(nghttp2_session* session, std::int32_t stream) {
    const std::scoped_lock lock(mutex_);
    if (script_.silent) return;
    hang_up_ = script_.hang_up;
    if (hang_up_) return;
    static const std::string status = ":status", type = "content-type", grpc = "application/grpc";
    const nghttp2_nv head[] = {header(status, script_.http_status), header(type, grpc)};
    if (script_.only_trailers) {
      const auto tail = trailers();
      std::vector<nghttp2_nv> all(head, head + 2);
      all.insert(all.end(), tail.begin(), tail.end());
      nghttp2_submit_headers(session, NGHTTP2_FLAG_END_STREAM, stream, nullptr, all.data(), all.size(), nullptr);
      return;
    }
    body_ = script_.body;
    sent_ = 0;
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = &FakeKubelet::read_body;
    nghttp2_submit_response(session, stream, head, 2, &provider);
  }

  std::vector<nghttp2_nv> trailers() const {
    static const std::string status = "grpc-status", message = "grpc-message";
    std::vector<nghttp2_nv> all;
    if (!script_.grpc_status.empty()) all.push_back(header(status, script_.grpc_status));
    if (!script_.grpc_message.empty()) all.push_back(header(message, script_.grpc_message));
    return all;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    auto& self = *static_cast<FakeKubelet*>(source->ptr);
    const std::size_t part = self.body_.copy(reinterpret_cast<char*>(into), size, self.sent_);
    self.sent_ += part;
    if (self.sent_ < self.body_.size()) return static_cast<ssize_t>(part);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    const auto tail = self.trailers();
    if (!tail.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session, stream, tail.data(), tail.size());
    }
    return static_cast<ssize_t>(part);
  }

  std::string folder_{};
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  bool hang_up_ = false;
  std::string body_{};
  std::size_t sent_ = 0;
  mutable std::mutex mutex_{};  // guards the next two
  Script script_;
  std::vector<std::string> paths_{};
  std::thread thread_{};
};

}  // namespace reeve::kubelet
