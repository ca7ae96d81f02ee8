#include "adapters/kube/list_splitter.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/kube/line_splitter.h"

namespace reeve::kube {
namespace {

struct Split {
  std::vector<std::string> items{};
  std::string metadata{};
  std::string error{};
};

Split split(std::string_view body, std::size_t piece, ListSplitterLimits limits = {}) {
  Split result;
  ListSplitter splitter(
      [&](std::string_view item) -> Status {
        result.items.emplace_back(item);
        return Done{};
      },
      limits);
  for (std::size_t at = 0; at < body.size(); at += piece)
    if (const auto status = splitter.feed(body.substr(at, piece)); !status) {
      result.error = status.error().message;
      return result;
    }
  if (const auto status = splitter.finish(); !status) result.error = status.error().message;
  result.metadata = splitter.metadata();
  return result;
}

constexpr std::string_view list = R"( {"kind":"PodList","apiVersion":"v1","n":-1.5e3,"x":[1,{"items":[{"no":1}]}],)"
                                  R"("metadata": {"resourceVersion":"12","continue":"ab\"}"},)"
                                  R"( "items" : [{"a":"}]\"{"} , {"b":[{"c":null}],"d":"\\"},{}], "last":true })"
                                  "\n";

TEST(ListSplitter, items_and_metadata_come_out_whole_however_the_body_is_cut) {
  for (std::size_t piece = 1; piece <= list.size(); ++piece) {
    const auto result = split(list, piece);
    EXPECT_EQ(result.error, "") << piece;
    EXPECT_EQ(result.items, (std::vector<std::string>{R"({"a":"}]\"{"})", R"({"b":[{"c":null}],"d":"\\"})", "{}"})) << piece;
    EXPECT_EQ(result.metadata, R"({"resourceVersion":"12","continue":"ab\"}"})") << piece;
  }
}

TEST(ListSplitter, a_body_that_ends_early_is_refused_wherever_it_ends) {
  for (std::size_t size = 0; size + 2 < list.size(); ++size) EXPECT_NE(split(list.substr(0, size), 7).error, "") << size;
}

TEST(ListSplitter, what_is_no_list_is_refused) {
  for (const std::string_view body :
       {"[]", "x", "{}", R"({"items":{}})", R"({"items":[1]})", R"({"items":["a"]})", R"({"items":[{}],})", R"({"items":[{},]})",
        R"({"items":[{}]}{)", R"({"a" 1})", R"({"items":[{} {}]})", "{,}", R"({"a":,"items":[]})", R"({"kind":"Status","code":403})"})
    EXPECT_NE(split(body, 3).error, "") << body;
  EXPECT_EQ(split(R"({"items":null,"metadata":null})", 3).error, "");
  EXPECT_EQ(split(R"({"items":[]})", 3).error, "");
}

TEST(ListSplitter, an_item_above_the_limit_is_an_error_that_names_it) {
  const std::string big = fmt::format(R"({{"items":[{{}},{{"metadata":{{"name":"huge-pod","x":"{}"}}}}]}})", std::string(5000, 'y'));
  for (const std::size_t piece : {std::size_t{100}, big.size()}) {
    const auto result = split(big, piece, {.item_bytes_max = 1000});
    EXPECT_NE(result.error.find("item 1 ('huge-pod') has more than 1000 bytes"), std::string::npos) << result.error;
  }
  EXPECT_NE(split(R"({"items":[)" + std::string(100, '[') + "]}", 10).error, "");
  EXPECT_NE(split(R"({"items":[{"a":)" + std::string(100, '[') + "]}", 10).error.find("nested"), std::string::npos);
}

TEST(ListSplitter, no_more_than_one_item_is_kept_of_a_large_list) {
  std::size_t items = 0;
  ListSplitter splitter([&](std::string_view item) -> Status {
    items += item.size() > 4000 ? 1 : 0;
    return Done{};
  });
  const std::string item = fmt::format(R"({{"metadata":{{"name":"p"}},"spec":"{}"}})", std::string(5000, 'z'));
  std::string piece = R"({"items":[)" + item;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(splitter.feed(piece).ok());
    piece = "," + item;
  }
  ASSERT_TRUE(splitter.feed("]}").ok());
  ASSERT_TRUE(splitter.finish().ok());
  EXPECT_EQ(items, 20'000U);
  EXPECT_LE(splitter.kept_max(), item.size());
}

TEST(LineSplitter, lines_come_out_whole_and_a_cut_one_not_at_all) {
  constexpr std::string_view text = "one\r\n\ntwo\nthree is cut";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    std::vector<std::string> lines;
    LineSplitter splitter([&](std::string_view line) -> Status {
      lines.emplace_back(line);
      return Done{};
    });
    for (std::size_t at = 0; at < text.size(); at += piece) ASSERT_TRUE(splitter.feed(text.substr(at, piece)).ok());
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(splitter.kept(), 12U);
  }
}

TEST(LineSplitter, a_line_without_end_is_refused) {
  LineSplitter splitter([](std::string_view) -> Status { return Done{}; }, 10);
  EXPECT_TRUE(splitter.feed("0123456789").ok());
  EXPECT_FALSE(splitter.feed("0").ok());
}

}  // namespace
}  // namespace reeve::kube
