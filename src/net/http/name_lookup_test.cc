#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "net/http/stream_client.h"

using namespace std::chrono_literals;

namespace {
constexpr std::string_view stuck_name = "stuck.example";
constexpr auto stuck_for = 3s;
}  // namespace

// In place of the system's, for this program: one name whose server does not answer.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && name == stuck_name) {
    std::this_thread::sleep_for(stuck_for);
    return EAI_AGAIN;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto of_system = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return of_system(name, service, hints, found);
}

namespace reeve::http {
namespace {

TEST(NameLookup, a_client_does_not_wait_for_the_lookup_of_a_name_that_nobody_answers) {
  const auto begun = std::chrono::steady_clock::now();
  {
    auto client = StreamClient::create("http://stuck.example:80", {.connect_timeout = Milliseconds(20)}).value();
    EXPECT_EQ(client->send("GET", "/", {}, "").error().code, Errc::timed_out);
    client->cancel();
    EXPECT_EQ(client->send("GET", "/", {}, "").error().code, Errc::unavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, stuck_for / 2);
}

TEST(NameLookup, one_that_is_cancelled_meanwhile_fails_soon) {
  const auto begun = std::chrono::steady_clock::now();
  {
    auto client = StreamClient::create("http://stuck.example:81", {}).value();
    const std::jthread other([&] {
      std::this_thread::sleep_for(30ms);
      client->cancel();
    });
    EXPECT_EQ(client->send("GET", "/", {}, "").error().code, Errc::unavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, stuck_for / 2);
}

TEST(NameLookup, a_name_without_an_address_is_named) {
  auto client = StreamClient::create("http://nobody.invalid:80", {}).value();
  const auto answer = client->send("GET", "/", {}, "");
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("the name is not found"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace reeve::http
