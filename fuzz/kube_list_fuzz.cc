// List and watch bodies, cut in pieces of a size that the first byte says: the pieces make no difference, and no more than an
// item is kept.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kube/line_splitter.h"
#include "adapters/kube/list_splitter.h"
#include "base/check.h"

namespace {

struct Parts {
  std::vector<std::string> parts{};
  bool ok = true;

  friend bool operator==(const Parts&, const Parts&) = default;
};

template <class Splitter>
void feed(Splitter& splitter, std::string_view body, std::size_t piece, Parts& result) {
  for (std::size_t at = 0; at < body.size() && result.ok; at += piece) result.ok = splitter.feed(body.substr(at, piece)).ok();
}

Parts items(std::string_view body, std::size_t piece) {
  Parts result;
  reeve::kube::ListSplitter splitter(
      [&](std::string_view item) -> reeve::Status {
        REEVE_CHECK(item.size() <= 100 && item.starts_with('{'));
        result.parts.emplace_back(item);
        return reeve::Done{};
      },
      {.item_bytes_max = 100, .metadata_bytes_max = 100, .depth_max = 8});
  feed(splitter, body, piece, result);
  result.ok = result.ok && splitter.finish().ok();
  if (result.ok) result.parts.push_back(splitter.metadata());
  REEVE_CHECK(splitter.kept_max() <= 100);
  return result;
}

Parts lines(std::string_view body, std::size_t piece) {
  Parts result;
  reeve::kube::LineSplitter splitter(
      [&](std::string_view line) -> reeve::Status {
        REEVE_CHECK(!line.empty() && line.find('\n') == std::string_view::npos);
        result.parts.emplace_back(line);
        return reeve::Done{};
      },
      100);
  feed(splitter, body, piece, result);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0] % 16;
  REEVE_CHECK(items(body, piece) == items(body, body.size()));
  REEVE_CHECK(lines(body, piece) == lines(body, body.size()));
  return 0;
}
