#include "testing/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>

#include <fmt/format.h>

#include "base/check.h"
#include "base/parse.h"

namespace reeve {
namespace {

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
Bio bio_of(const std::string& text) { return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free}; }

X509* read_certificate(const std::string& pem) { return PEM_read_bio_X509(bio_of(pem).get(), nullptr, nullptr, nullptr); }

std::size_t body_bytes(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const auto at = head.find(name);
  if (at == std::string_view::npos) return 0;
  const auto begin = at + name.size();
  return parse_number<std::size_t>(head.substr(begin, head.find('\r', begin) - begin)).value_or(0);
}

class Peer final : public ScriptedPeer {
 public:
  Peer(int socket, int number, SSL* tls) : socket_(socket), number_(number), tls_(tls) {}

  std::optional<std::string> read_request() override {
    while (true) {
      const auto end = received_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const auto size = end + 4 + body_bytes(std::string_view(received_).substr(0, end + 2));
        if (received_.size() >= size) {
          std::string request = received_.substr(0, size);
          received_.erase(0, size);
          return request;
        }
      }
      if (!receive()) return std::nullopt;
    }
  }
  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                        : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void wait_for_end() override {
    while (receive()) {
    }
  }
  void cut() override {
    ::shutdown(socket_, SHUT_WR);
    if (tls_ != nullptr) SSL_set_quiet_shutdown(tls_, 1);
  }
  int number() const override { return number_; }
  std::string server_name() const override {
    const char* name = tls_ != nullptr ? SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name) : nullptr;
    return name != nullptr ? name : "";
  }

 private:
  bool receive() {
    std::array<char, 16384> bytes{};
    const auto got = tls_ != nullptr ? SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                     : static_cast<int>(::recv(socket_, bytes.data(), bytes.size(), 0));
    if (got <= 0) return false;
    received_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  int number_;
  SSL* tls_;  // null: plain
  std::string received_{};
};

// So that what we wrote last is read before the client learns that we are gone.
void linger(int socket) {
  ::shutdown(socket, SHUT_WR);
  std::array<char, 4096> unread{};
  while (::recv(socket, unread.data(), unread.size(), 0) > 0) {
  }
}

}  // namespace

struct ScriptedServer::Secrets {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};

  explicit Secrets(const ScriptedTls& tls) {
    const std::unique_ptr<X509, decltype(&X509_free)> own(read_certificate(tls.own.certificate_pem), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(bio_of(tls.own.key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    REEVE_CHECK(SSL_CTX_use_certificate(context.get(), own.get()) == 1 && SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
    if (tls.client_ca_pem.empty()) return;
    const std::unique_ptr<X509, decltype(&X509_free)> trusted(read_certificate(tls.client_ca_pem), X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), trusted.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
};

ScriptedServer::ScriptedServer(Script script, std::optional<ScriptedTls> tls)
    : script_(std::move(script)), secrets_(tls ? std::make_unique<Secrets>(*tls) : nullptr) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REEVE_CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REEVE_CHECK(::listen(listener_, 64) == 0);
  REEVE_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  acceptor_.join();
  peers_.clear();
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

std::string ScriptedServer::url(const std::string& host) const {
  return fmt::format("{}://{}:{}", secrets_ != nullptr ? "https" : "http", host, port_);
}

void ScriptedServer::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    constexpr int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    if (ending_) return;
    peers_.emplace_back([this, socket, number = ++connections_] { serve(socket, number); });
  }
}

void ScriptedServer::serve(int socket, int number) {
  if (secrets_ == nullptr) {
    Peer peer(socket, number, nullptr);
    script_(peer);
  } else {
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(secrets_->context.get()), SSL_free);
    SSL_set_fd(tls.get(), socket);
    if (SSL_accept(tls.get()) == 1) {
      Peer peer(socket, number, tls.get());
      script_(peer);
      SSL_shutdown(tls.get());
    }
  }
  linger(socket);
  // Closed by the destructor, so that no number of a socket is used twice meanwhile.
}

std::string http_answer(int status, std::string_view body, std::string_view more_headers) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), more_headers, body);
}

std::string http_chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

}  // namespace reeve
