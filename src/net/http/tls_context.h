#pragma once
// OpenSSL set up as TlsOptions ask. Private to net/http.

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http/tls.h"

namespace reeve::http {

// Invalid argument: a certificate or a key is not usable. Unavailable: no certificates of the system are found.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

// What a connection of its own needs besides: whom to ask for and whom to accept. False: OpenSSL refuses.
bool expect_peer(SSL* session, const std::string& host, const TlsOptions& options);

// Why a handshake with `host` failed, or what the peer said later: "the certificate is not trusted: ...".
std::string tls_failure(SSL* session, const std::string& host, const boost::system::error_code& error);

}  // namespace reeve::http
