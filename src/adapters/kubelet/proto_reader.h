#pragma once
// Reads protobuf's wire format field by field, without a schema and without building anything: what is not asked
// for costs nothing, and no text makes it use more memory than itself. Groups, which proto3 does not have, are
// refused. Threads: one reader, one thread.

#include <cstdint>
#include <string_view>

namespace reeve::kubelet {

class ProtoReader {
 public:
  // `message` outlives the reader and what it hands out.
  explicit ProtoReader(std::string_view message) : rest_(message) {}

  // Goes on to the next field; false at the end, and where the message is broken.
  bool next();
  bool broken() const { return broken_; }

  std::uint32_t field() const { return field_; }
  // Of a text, of bytes, of a message within: empty where the field is none of these.
  std::string_view bytes() const { return bytes_; }

 private:
  bool fail();
  bool take_varint(std::uint64_t& value);
  bool take(std::uint64_t size, std::string_view& bytes);

  std::string_view rest_;
  std::uint32_t field_ = 0;
  std::string_view bytes_{};
  bool broken_ = false;
};

}  // namespace reeve::kubelet
