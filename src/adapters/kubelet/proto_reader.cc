#include "adapters/kubelet/proto_reader.h"

#include <limits>

namespace reeve::kubelet {

bool ProtoReader::fail() {
  broken_ = true;
  rest_ = {};
  bytes_ = {};
  return false;
}

bool ProtoReader::take_varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {  // ten bytes at most
    if (rest_.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;  // more than 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool ProtoReader::take(std::uint64_t size, std::string_view& bytes) {
  if (size > rest_.size()) return false;
  bytes = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

bool ProtoReader::next() {
  bytes_ = {};
  if (rest_.empty()) return false;
  std::uint64_t key = 0;
  if (!take_varint(key) || key > std::numeric_limits<std::uint32_t>::max() || key >> 3 == 0) return fail();
  field_ = static_cast<std::uint32_t>(key >> 3);
  enum WireType : unsigned { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };
  std::uint64_t number = 0;
  std::string_view skipped;
  switch (static_cast<unsigned>(key & 7)) {
    case varint: return take_varint(number) || fail();
    case fixed64: return take(8, skipped) || fail();
    case fixed32: return take(4, skipped) || fail();
    case delimited: return (take_varint(number) && take(number, bytes_)) || fail();
    default: return fail();
  }
}

}  // namespace reeve::kubelet
