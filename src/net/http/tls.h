#pragma once
// What a TLS client trusts and shows. TLS 1.2 or newer; the peer is always verified unless told not to.

#include <string>

namespace reeve::http {

struct TlsOptions {
  std::string ca_pem{};           // trusted certificates; empty: those of the system
  std::string certificate_pem{};  // our own chain, leaf first; empty: none
  std::string key_pem{};          // its private key
  std::string server_name{};      // name to verify and to send as SNI; empty: the URL's host
  bool verify_peer = true;
};

}  // namespace reeve::http
