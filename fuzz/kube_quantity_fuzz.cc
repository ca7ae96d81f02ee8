// Kubernetes quantities: any bytes are read or refused, and what was read is printed and read as the same amount.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "domain/cluster/quantity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using reeve::cluster::Quantity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = Quantity::parse(text);
  if (!read) return 0;
  REEVE_CHECK(!text.empty());
  for (const std::string& printed : {decimal_text(*read), binary_text(*read)}) {
    const auto again = Quantity::parse(printed);
    REEVE_CHECK(again.ok() && *again == *read);
  }
  REEVE_CHECK(*read + Quantity::of(1) >= *read && *read - Quantity::of(1) <= *read);
  return 0;
}
