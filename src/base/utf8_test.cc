#include "base/utf8.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Utf8, text_of_every_length_is_accepted) {
  for (const char* text : {"", "plain", "\u00e9", "\ud55c\uae00", "\U0001F600", "\U0010FFFF"}) EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, what_no_encoder_writes_is_refused) {
  for (const char* bytes : {"\xe9", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5", "ab\xe2\x82"})
    EXPECT_FALSE(is_utf8(bytes));
}

}  // namespace
}  // namespace reeve
