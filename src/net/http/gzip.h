#pragma once
// gzip of response bodies.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.h"

namespace reeve::http {

// Does an Accept-Encoding header allow gzip? "gzip;q=0" does not.
bool accepts_gzip(std::string_view accept_encoding);

// Text and JSON shrink; what is compressed already does not.
bool worth_compressing(std::string_view content_type);

// Compresses the body when the client accepts that and it is worth it: for handlers that prepare large answers
// off the server's threads. The server itself does so for what is not compressed yet.
void compress_for(const Request& request, Response& response, std::size_t from_bytes);

// Null when zlib fails (no memory).
std::shared_ptr<const std::string> gzip(std::string_view plain);

// Compressed forms of bodies that somebody else keeps too: an answer prepared once and sent to many is
// compressed once. One thread.
class GzipCache {
 public:
  std::shared_ptr<const std::string> compress(const std::shared_ptr<const std::string>& plain);

 private:
  struct Entry {
    std::weak_ptr<const std::string> plain;
    std::shared_ptr<const std::string> packed;
  };
  std::vector<Entry> entries_{};
};

}  // namespace reeve::http
