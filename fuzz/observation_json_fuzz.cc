// What an agent's /v1/devices may make us believe: what is accepted is written again and read back the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/observation/observation_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto observation = reeve::wire::observation_from_json(text);
  if (!observation) return 0;
  const auto again = reeve::wire::observation_from_json(reeve::wire::to_json(*observation));
  REEVE_CHECK(again.ok());
  REEVE_CHECK(reeve::wire::inventory_fingerprint(*again) == reeve::wire::inventory_fingerprint(*observation));
  return 0;
}
